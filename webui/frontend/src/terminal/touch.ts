/* Scrolling with a finger: as a wheel, so that history scrolls, full-screen programs get their keys, and programs that
   asked for the mouse get the wheel. */

export function scrollByTouch(place: HTMLElement): void {
  let last: number | null = null;
  place.addEventListener(
    'touchstart',
    (event) => {
      last = event.touches.length === 1 ? (event.touches[0]?.clientY ?? null) : null;
    },
    { passive: true },
  );
  place.addEventListener(
    'touchmove',
    (event) => {
      const touch = event.touches[0];
      if (last === null || !touch || place.classList.contains('scrolls')) return;
      event.preventDefault();
      const { clientX, clientY } = touch;
      wheel(place, { deltaY: last - clientY, clientX, clientY });
      last = clientY;
    },
    { passive: false },
  );
}

function wheel(place: HTMLElement, move: { deltaY: number; clientX: number; clientY: number }): void {
  const target = place.querySelector('.xterm-screen');
  target?.dispatchEvent(new WheelEvent('wheel', { ...move, deltaMode: 0, bubbles: true, cancelable: true }));
}
