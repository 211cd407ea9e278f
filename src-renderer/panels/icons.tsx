/** The window's few icons: strokes of one width, drawn for it. */
const paths = {
  photo: 'M4 6.500h4l1.500-2h5l1.500 2h4v12H4zM12 9.200a3.300 3.300 0 1 0 0 6.600 3.300 3.300 0 0 0 0-6.600z',
  folder: 'M3.500 6h6l2 2.500h9v10.500h-17z',
  face: 'M12 3.500c-4.200 0-6.500 3-6.500 7.200S8 20.500 12 20.500s6.500-5.600 6.500-9.800S16.200 3.500 12 3.500zM9.500 10.800v.4M14.500 10.800v.4M9.700 15.300c1.400 1 3.200 1 4.600 0',
  dice: 'M5 5h14v14H5zM9 9v.1M15 9v.1M12 12v.1M9 15v.1M15 15v.1',
  info: 'M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17zM12 11v5.500M12 7.700v.2',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M5.300 18.700l1.400-1.400M17.300 6.700l1.400-1.400',
  moon: 'M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10z',
  undo: 'M9 7L4.500 11.500 9 16M5 11.500h9a5 5 0 0 1 0 8h-3',
  redo: 'M15 7l4.500 4.500L15 16M19 11.500h-9a5 5 0 0 0 0 8h3',
  plus: 'M12 5v14M5 12h14',
  bin: 'M5 7h14M10 7V4.500h4V7M7 7l.8 12.500h8.400L17 7M10.500 10.500v6M13.500 10.500v6',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  close: 'M6 6l12 12M18 6L6 18',
  turn: 'M4.500 12a7.500 3.500 0 1 1 7.500 3.500M9.500 12.500l2.500 3-2.500 3',
  warn: 'M12 4L2.800 19.500h18.400zM12 10v4.500M12 16.800v.2',
  pause: 'M8.500 6v12M15.500 6v12',
  play: 'M8 5.500v13l10.500-6.500z',
  stop: 'M7 7h10v10H7z',
} as const

export type IconName = keyof typeof paths

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}
