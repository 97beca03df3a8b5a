export { config, type OtlpHttpSettings } from './config.ts'
export type { OtlpMember } from './encode.ts'
export { OtlpHttpExporter } from './exporter.ts'
export { otlpHttp, otlpHttp as module } from './module.ts'
