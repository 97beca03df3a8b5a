export { module, type Rapid7Settings } from './config.ts'
export { encodeLine, LINE_BYTES_MAX, type Oversize, type Rapid7Line } from './encode.ts'
export { Rapid7Exporter, type Rapid7Options } from './send.ts'
