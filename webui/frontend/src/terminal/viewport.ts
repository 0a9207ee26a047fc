/* Keeps the page inside what a phone's keyboard leaves of the window. */

export function followViewport(page: HTMLElement): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const follow = (): void => {
    // Zoomed in, the person moves the window over the page themselves.
    if (viewport.scale > 1.01) return;
    page.style.setProperty('--viewport', `${Math.round(viewport.height)}px`);
    page.style.top = `${Math.round(viewport.offsetTop)}px`;
  };
  viewport.addEventListener('resize', follow);
  viewport.addEventListener('scroll', follow);
  follow();
}
