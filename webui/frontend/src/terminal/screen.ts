/* The terminal itself: xterm.js, its addons, and the order in which snapshots, sizes and output reach it. */

import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { Terminal } from '@xterm/xterm';
import type { TerminalSnapshot } from '../generated/terminal';
import type { OutputFrame } from './frames';
import { replay } from './replay';
import { silenceReplies } from './replies';
import { THEME } from './theme';

export interface Size {
  cols: number;
  rows: number;
}

export class Screen {
  readonly term: Terminal;
  readonly search = new SearchAddon({ highlightLimit: 2000 });
  readonly #fit = new FitAddon();
  /* Work that waits for what was written before to be on the screen; null when nothing waits. */
  #held: (() => void)[] | null = null;

  constructor(
    readonly place: HTMLElement,
    fontSize: number,
  ) {
    this.term = new Terminal({
      allowProposedApi: true,
      convertEol: false,
      cursorBlink: !window.matchMedia('(prefers-reduced-motion: reduce)').matches,
      fontFamily: getComputedStyle(place).getPropertyValue('--mono'),
      fontSize,
      macOptionIsMeta: true,
      minimumContrastRatio: 3,
      rightClickSelectsWord: true,
      scrollback: 20_000,
      theme: THEME,
    });
    this.term.loadAddon(this.#fit);
    this.term.loadAddon(this.search);
    this.term.loadAddon(new UnicodeGraphemesAddon());
    this.term.loadAddon(new WebLinksAddon(openLink));
    this.term.options.linkHandler = { activate: openLink };
    silenceReplies(this.term);
    this.term.open(place);
    void this.#useWebgl();
  }

  snapshot(snapshot: TerminalSnapshot, shown: () => void): void {
    // What waits was before the snapshot, so the snapshot already holds it.
    this.#held = null;
    this.#afterWrites(() => {
      this.term.reset();
      this.term.resize(snapshot.cols, snapshot.rows);
      this.term.write(replay(snapshot), shown);
    });
  }

  output(frame: OutputFrame, shown: () => void): void {
    this.#inOrder(() => {
      this.term.write(frame.payload, shown);
    });
  }

  resized(size: Size, done: () => void): void {
    this.#afterWrites(() => {
      this.term.resize(size.cols, size.rows);
      done();
    });
  }

  /* How many cells fit into the place at the font size that is set. */
  fitting(): Size | null {
    const size = this.#fit.proposeDimensions();
    return size && Number.isFinite(size.cols) && size.cols > 1 ? { cols: size.cols, rows: Math.max(2, size.rows) } : null;
  }

  #inOrder(work: () => void): void {
    if (this.#held) this.#held.push(work);
    else work();
  }

  #afterWrites(work: () => void): void {
    const held: (() => void)[] = [];
    const run = (): void => {
      // A newer snapshot took over.
      if (this.#held !== held) return;
      work();
      this.#held = null;
      for (const each of held) each();
    };
    if (this.#held) {
      const before = this.#held;
      before.push(() => {
        this.#afterWrites(work);
      });
      return;
    }
    this.#held = held;
    this.term.write('', run);
  }

  /* Comes after the first screen: drawing with elements does until then. */
  async #useWebgl(): Promise<void> {
    try {
      const { WebglAddon } = await import('@xterm/addon-webgl');
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => {
        webgl.dispose();
      });
      this.term.loadAddon(webgl);
    } catch {
      // This browser has no WebGL: xterm.js draws with elements instead.
    }
  }
}

function openLink(_event: MouseEvent, address: string): void {
  if (/^https?:\/\//i.test(address)) window.open(address, '_blank', 'noopener,noreferrer');
}
