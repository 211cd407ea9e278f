/** Changing the head: a slider for each trait its generator has a direction for, and words that move them. */
import { useState } from 'react'
import type { Edit } from '../../src-main/engine/head/edit.ts'
import { LIMITS } from '../../src-main/engine/limits.ts'
import { actions, editOf, isChanged, traitsOf, useStore } from '../state/store.ts'
import { number, strings } from '../strings.ts'
import { Icon } from './icons.tsx'

const text = strings.change
/** Those that a generator of another make may have are called as it calls them. */
const nameOf = (trait: string): string => (text.traits as Record<string, string>)[trait] ?? trait

type Group = keyof typeof text.groups
/** What belongs together, in the order in which it is shown; what is in none of them comes last. */
const GROUPS: readonly (readonly [Group, readonly string[]])[] = [
  ['person', ['age', 'male', 'skin', 'weight']],
  ['face', ['smile', 'jaw', 'eyes', 'brows']],
  ['hair', ['hair', 'hair-colour', 'beard']],
]

function grouped(traits: readonly string[]): (readonly [Group, readonly string[]])[] {
  const known = GROUPS.flatMap(([, members]) => members)
  const groups = GROUPS.map(([group, members]) => [group, members.filter((trait) => traits.includes(trait))] as const)
  const others = ['others', traits.filter((trait) => !known.includes(trait))] as const
  return [...groups, others].filter(([, members]) => members.length > 0)
}

export function ChangePanel() {
  const state = useStore()
  const { project, changes, formed } = state
  const traits = traitsOf(state)
  const edit = editOf(state)
  const locked = ['running', 'paused'].includes(project?.job.state ?? '')
  const changed = isChanged(state)
  return (
    <details className="change-panel">
      <summary>{text.title}</summary>
      {traits.length === 0 ? (
        <p className="quiet">{text.none}</p>
      ) : (
        <>
          {grouped(traits).map(([group, members]) => (
            <fieldset key={group} disabled={locked}>
              <legend>{text.groups[group]}</legend>
              {members.map((trait) => (
                <TraitSlider key={trait} trait={trait} edit={edit} />
              ))}
            </fieldset>
          ))}
          <InWords disabled={locked} />
          <div className="buttons tight">
            <button type="button" disabled={locked || changes.past.length === 0} onClick={actions.undoChange}>
              <Icon name="undo" />
              {strings.photo.undo}
            </button>
            <button type="button" disabled={locked || changes.future.length === 0} onClick={actions.redoChange}>
              <Icon name="redo" />
              {strings.photo.redo}
            </button>
            <button type="button" disabled={locked || !changed} onClick={() => actions.change({})}>
              {text.reset}
            </button>
            <button
              type="button"
              disabled={locked || (!changed && !formed)}
              aria-pressed={formed !== undefined}
              onClick={() => actions.compare(!formed)}
            >
              {text.compare}
            </button>
          </div>
          {changed && <p className="quiet small">{project?.photos.length ? text.honest : text.honestRandom}</p>}
        </>
      )}
    </details>
  )
}

function TraitSlider({ trait, edit }: { trait: string; edit: Edit }) {
  const { least, most } = LIMITS.edit
  const strength = edit[trait] ?? 0
  return (
    <label className="field">
      <span>{nameOf(trait)}</span>
      <input
        type="range"
        min={least}
        max={most}
        step={0.1}
        value={strength}
        aria-valuetext={text.strength(number(Math.abs(strength), 1), Math.sign(strength))}
        onChange={({ target }) => actions.dragChange({ ...edit, [trait]: Number(target.value) })}
        onPointerUp={actions.dropChange}
        onKeyUp={actions.dropChange}
      />
    </label>
  )
}

function InWords({ disabled }: { disabled: boolean }) {
  const [words, setWords] = useState('')
  const [{ unknown, lacking }, setLeft] = useState<ReturnType<typeof actions.changeInWords>>({
    unknown: [],
    lacking: [],
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        setLeft(actions.changeInWords(words))
      }}
    >
      <label className="field">
        <span>{text.words}</span>
        <input
          type="text"
          value={words}
          placeholder={text.wordsHint}
          disabled={disabled}
          onChange={({ target }) => setWords(target.value)}
        />
      </label>
      <p className="quiet small" aria-live="polite">
        {unknown.length > 0 && `${text.unknown(unknown.join(', '))} `}
        {lacking.length > 0 && text.lacking(lacking.map(nameOf).join(', '))}
      </p>
    </form>
  )
}
