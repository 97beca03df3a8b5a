/** A setting that cannot work, found when the exporter is made. `setting` is its path as the configuration spells it. */
export class SettingError extends Error {
  readonly setting: string

  constructor(setting: string, problem: string, options: { cause?: unknown } = {}) {
    super(`${setting}: ${problem}`, { cause: options.cause })
    this.name = 'SettingError'
    this.setting = setting
  }
}
