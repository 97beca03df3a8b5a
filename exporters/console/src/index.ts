export { type ConsoleSettings, module } from './config.ts'
export { encodeJson, encodeText } from './encode.ts'
export { ConsoleExporter, type ConsoleOptions, type Output } from './send.ts'
