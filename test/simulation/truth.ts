// What is true in the simulated world: every event that happened and every place it was written to. The oracle judges by
// this and by nothing that passed through the product.

/** Something that happened once, however often it was written down. */
export interface TrueEvent {
  readonly serial: number
  /** Undefined: CircleCI gave it none. Two events may share one. */
  readonly id: string | undefined
  readonly occurredAt: number
  readonly action: string
  readonly occurrences: Occurrence[]
}

/** One writing-down of an event. */
export interface Occurrence {
  readonly event: TrueEvent
  readonly object: TrueObject
  readonly offset: number
  readonly text: string
  /** What a record of it must carry as its id. */
  readonly uid: string
}

export interface BadLine {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** An object as it was put into a bucket. */
export interface TrueObject {
  readonly serial: number
  /** The bucket's address. */
  readonly source: string
  readonly key: string
  readonly version: string
  readonly body: Uint8Array
  /** Object time: the stamp in its key. */
  readonly time: number
  readonly putAt: number
  /** When it vanished, by expiry or by another version. */
  goneAt: number | undefined
  /** Holds nothing, by its name or its size. */
  readonly probe: boolean
  readonly occurrences: Occurrence[]
  readonly bad: BadLine[]
}

export class Truth {
  readonly events: TrueEvent[] = []
  readonly objects: TrueObject[] = []
  readonly #places = new Map<string, Occurrence[]>()
  readonly #versions = new Map<string, TrueObject>()

  add(object: TrueObject): void {
    this.objects.push(object)
    this.#versions.set(`${object.source} ${object.key} ${object.version}`, object)
    for (const occurrence of object.occurrences) {
      const name = `${object.source}/${object.key} ${occurrence.offset}`
      this.#places.set(name, [...(this.#places.get(name) ?? []), occurrence])
    }
  }

  object(source: string, key: string, version: string): TrueObject | undefined {
    return this.#versions.get(`${source} ${key} ${version}`)
  }

  /** The occurrence of this text at this place, if there ever was one. */
  find(source: string, key: string, offset: number, text: string): Occurrence | undefined {
    return this.#places.get(`${source}/${key} ${offset}`)?.find((occurrence) => occurrence.text === text)
  }
}

export function placeOf({ object, offset }: Occurrence): string {
  return `${object.source}/${object.key.slice(-30)}@${offset}`
}
