let open: () => void = () => {}

/** Whoever can show the palette says so here. */
export function onOpenPalette(handler: () => void): void {
  open = handler
}

export const openPalette = (): void => open()
