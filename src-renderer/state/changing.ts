/** Changing the head along its generator's directions. */
import type { Edit } from '../../src-main/engine/head/edit.ts'
import { understand } from '../../src-main/words/guidance.ts'
import { record, stepBack, stepForward } from './history.ts'
import { engine, forProject } from './line.ts'
import { newestOnly } from './newest.ts'
import { takeVolume, volumeOf } from './projects.ts'
import { get, type State, set } from './state.ts'

/** What can be changed of the project's head. */
export const traitsOf = ({ hello, project }: State): readonly string[] =>
  hello?.generators.find(({ id }) => id === project?.generator)?.traits ?? []

/** What is changed, on its way to the engine or there. */
export const editOf = ({ changed, project }: State): Edit => changed ?? project?.edit ?? {}

export const isChanged = (state: State): boolean => Object.values(editOf(state)).some((strength) => strength !== 0)

const send = newestOnly<Edit>(
  (edit) =>
    forProject(async (id) => {
      const planes = await engine.edit({ project: id, edit })
      const { project } = get()
      if (project?.id !== id) return
      set({ project: { ...project, edit } })
      await takeVolume(planes)
    }),
  () => set({ changed: undefined }),
)

/** Where a drag began: that is what undo goes back to. */
let beforeDrag: Edit | undefined

function step(through: typeof stepBack): void {
  const found = through(get().changes, editOf(get()))
  if (!found) return
  set({ changes: found.history })
  begin(found.value)
}

/** Shown by the sliders at once; the engine's answer brings the planes. */
function begin(edit: Edit): void {
  // A head that was changed has no evidence.
  set({ changed: edit, ...(get().surfaceStyle === 'evidence' && { surfaceStyle: 'colour' }) })
  send(edit)
}

export const changingActions = {
  change(edit: Edit): void {
    set({ changes: record(get().changes, editOf(get()), edit) })
    begin(edit)
  },

  /** While a slider is dragged: undo goes back to where the drag began. */
  dragChange(edit: Edit): void {
    beforeDrag ??= editOf(get())
    begin(edit)
  },

  dropChange(): void {
    if (beforeDrag) set({ changes: record(get().changes, beforeDrag, editOf(get())) })
    beforeDrag = undefined
  },

  /** @returns what was not understood, and the traits for which this head's generator has no direction */
  changeInWords(text: string): { unknown: readonly string[]; lacking: readonly string[] } {
    const { edit, unknown } = understand(text)
    const traits = traitsOf(get())
    const known = Object.entries(edit).filter(([trait]) => traits.includes(trait))
    if (known.length > 0) changingActions.change({ ...editOf(get()), ...Object.fromEntries(known) })
    return { unknown, lacking: Object.keys(edit).filter((trait) => !traits.includes(trait)) }
  },

  /** Shows the head as it was formed beside the one that is changed, or no more. */
  async compare(isWanted: boolean): Promise<void> {
    if (!isWanted) return set({ formed: undefined })
    await forProject(async (id) => {
      const formed = await volumeOf(await engine.planes({ project: id, asFormed: true }))
      if (get().project?.id === id) set({ formed, ...(get().mode === 'surface' && { mode: 'volume' }) })
    })
  },

  undoChange: () => step(stepBack),
  redoChange: () => step(stepForward),
}
