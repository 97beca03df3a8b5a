// Azurite has no types, and is used in process by files that it does not promise to keep.
declare module 'azurite/dist/src/*' {
  const made: unknown
  export default made
  export const MemoryExtentChunkStore: new () => unknown
}
