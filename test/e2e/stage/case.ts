import { Scene } from './scene.ts'

/** What a case measured, to be printed. */
export type Figures = Readonly<Record<string, number | string>>

/** How large: `small` is for every run of the tests, `full` for the figures the project promises. */
export type Size = 'small' | 'full'

export interface Case {
  readonly name: string
  /** Throws when a promise is broken. */
  run(size: Size): Promise<Figures>
}

/** A case that plays in a scene, which is closed whatever happens. */
export function inScene(name: string, play: (scene: Scene, size: Size) => Promise<Figures>): Case {
  return {
    name,
    run: async (size) => {
      const scene = new Scene(name)
      try {
        return await play(scene, size)
      } finally {
        await scene.close()
      }
    },
  }
}

export function seconds(ms: number): number {
  return Math.round(ms / 10) / 100
}

/** Throws with this text unless it holds. */
export function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}
