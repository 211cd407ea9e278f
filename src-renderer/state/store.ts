/** What panels and stage ask of the window's state: the store, and all that can be done. */
import type { Message } from '../../src-main/words/message.ts'
import { changingActions, editOf, isChanged, traitsOf } from './changing.ts'
import { isTyping, onCommand, onEvent, onState, redo, undo } from './events.ts'
import { formingActions } from './forming.ts'
import { host } from './line.ts'
import { isEnhanced, lookingActions, surfaceNow } from './looking.ts'
import { leading, leadingCrop, photoActions, takesPhotos } from './photos.ts'
import { copy, preferringActions, report } from './preferring.ts'
import { projectActions } from './projects.ts'
import { madeNow, savingActions } from './saving.ts'
import { set, useStore } from './state.ts'

export type * from './state.ts'
export { films } from './state.ts'
export {
  copy,
  editOf,
  host,
  isChanged,
  isEnhanced,
  isTyping,
  leading,
  leadingCrop,
  madeNow,
  report,
  surfaceNow,
  takesPhotos,
  traitsOf,
  useStore,
}

export const actions = {
  ...projectActions,
  ...photoActions,
  ...formingActions,
  ...lookingActions,
  ...changingActions,
  ...savingActions,
  ...preferringActions,
  undo,
  redo,
  showCamera: (showCamera: boolean) => set({ showCamera }),
  dismiss: () => set({ problem: undefined, notice: undefined, crash: undefined, refused: [] }),
  problem: (problem: Message) => set({ problem }),
  notice: (notice: string) => set({ notice }),
}

host.connect({ onState, onEvent, onCommand })
