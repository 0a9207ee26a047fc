/* The colours of the terminal: warm, and readable on its ground. */

import type { ITheme } from '@xterm/xterm';

export const THEME: ITheme = {
  background: '#15120f',
  foreground: '#ece5da',
  cursor: '#ff9d61',
  cursorAccent: '#15120f',
  selectionBackground: '#5c3a22',
  selectionForeground: '#fff6ec',
  scrollbarSliderBackground: '#857a6c55',
  scrollbarSliderHoverBackground: '#857a6c99',
  scrollbarSliderActiveBackground: '#857a6ccc',
  black: '#2b2520',
  red: '#f0796c',
  green: '#8fcf8a',
  yellow: '#e9bd62',
  blue: '#82b3ea',
  magenta: '#d29ae0',
  cyan: '#79cbc7',
  white: '#d8cfc2',
  brightBlack: '#8f8475',
  brightRed: '#ff9b90',
  brightGreen: '#abe3a5',
  brightYellow: '#f7d588',
  brightBlue: '#a6cbf5',
  brightMagenta: '#e4b8ee',
  brightCyan: '#9de0dc',
  brightWhite: '#fffaf2',
};
