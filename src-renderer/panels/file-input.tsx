/** The system's way to choose files, unseen: a button opens it by its ref. */
import type { Ref } from 'react'

export function FileInput(props: {
  ref: Ref<HTMLInputElement>
  id: string
  accept: string
  onFiles: (files: File[]) => void
}) {
  const { ref, id, accept, onFiles } = props
  return (
    <input
      ref={ref}
      id={id}
      type="file"
      accept={accept}
      multiple
      hidden
      onChange={({ target }) => {
        const files = [...(target.files ?? [])]
        // The same file can be chosen again.
        target.value = ''
        onFiles(files)
      }}
    />
  )
}
