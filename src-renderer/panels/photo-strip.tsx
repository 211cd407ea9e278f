/** The photos a head is formed from: which there are, which one is shown, which one leads; and adding another. */
import { useRef } from 'react'
import { PHOTO_ACCEPT } from '../../src-main/engine/images/photo-formats.ts'
import { LIMITS } from '../../src-main/engine/limits.ts'
import type { PhotoState } from '../../src-main/session/api.ts'
import { actions, leading, takesPhotos, useStore } from '../state/store.ts'
import { strings } from '../strings.ts'
import { FileInput } from './file-input.tsx'
import { Icon } from './icons.tsx'

const text = strings.photo
const { most } = LIMITS.photos

export function PhotoStrip() {
  const { project, photo: index, pictures, busy } = useStore()
  const input = useRef<HTMLInputElement>(null)
  const photos = project?.photos ?? []
  const shown = photos.at(index)
  if (!shown) return null
  const locked = !takesPhotos(project) || busy !== undefined
  const isOne = photos.length === 1
  const first = leading(photos)
  const labelOf = ({ name, portrait }: PhotoState, i: number) =>
    [
      text.show(i + 1, name),
      ...(photos[i] === first ? [text.first] : []),
      ...(portrait.warnings.length > 0 ? [text.warned] : []),
    ].join(', ')
  return (
    <section className="photo-strip" aria-label={text.all}>
      <ul>
        {!isOne &&
          photos.map((photo, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a photo is its number
            <li key={i}>
              <button
                type="button"
                aria-pressed={i === index}
                className={photo === first ? 'first' : undefined}
                aria-label={labelOf(photo, i)}
                title={photo.name}
                onClick={() => actions.choosePhoto(i)}
              >
                <img src={pictures[photo.portrait.crop]} alt="" />
                {photo.portrait.warnings.length > 0 && <Icon name="warn" />}
              </button>
            </li>
          ))}
        {photos.length < most && (
          <li>
            <button
              type="button"
              className={isOne ? undefined : 'add'}
              aria-label={text.add}
              title={text.addHelp(most)}
              disabled={locked}
              onClick={() => input.current?.click()}
            >
              <Icon name="plus" />
              {isOne && text.add}
            </button>
          </li>
        )}
      </ul>
      {isOne ? (
        <p className="help">{text.addHelp(most)}</p>
      ) : (
        <div className="photo-named">
          <span>{shown.name}</span>
          <button
            type="button"
            className="icon-button"
            aria-label={text.remove}
            title={text.remove}
            disabled={locked}
            onClick={() => actions.removePhoto(index)}
          >
            <Icon name="bin" />
          </button>
        </div>
      )}
      {!isOne && shown === first && <p className="help">{text.leads}</p>}
      <FileInput ref={input} id="photo-input" accept={PHOTO_ACCEPT} onFiles={actions.addPhotos} />
    </section>
  )
}
