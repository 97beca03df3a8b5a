export { type FileSettings, module } from './config.ts'
export { type Disk, type DiskFile, type FileStatus, realDisk } from './disk.ts'
export { encode } from './encode.ts'
export { FileExporter, type FileOptions } from './send.ts'
