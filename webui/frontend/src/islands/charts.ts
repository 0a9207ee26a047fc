/* The value under the pointer, for the charts that the server has drawn. */

import { around } from '../lib/dom';

const WIDTH = 240;
const SVG = 'http://www.w3.org/2000/svg';
type Point = [x: number, words: string];

export function readCharts(): void {
  document.addEventListener('pointermove', (event) => {
    const chart = around(event, 'svg[data-chart]', SVGSVGElement);
    clear();
    if (chart) show(chart, event.clientX);
  });
  document.addEventListener('pointerleave', () => {
    clear();
  });
}

function show(chart: SVGSVGElement, clientX: number): void {
  const points = JSON.parse(chart.dataset.chart ?? '[]') as Point[];
  const box = chart.getBoundingClientRect();
  const point = nearest(points, ((clientX - box.left) / box.width) * WIDTH);
  if (!point) return;
  const line = document.createElementNS(SVG, 'line');
  line.setAttribute('class', 'cursor');
  for (const [name, value] of [['x1', point[0]], ['x2', point[0]], ['y1', 0], ['y2', 48]] as const) {
    line.setAttribute(name, String(value));
  }
  chart.append(line);
  const words = document.createElement('span');
  words.className = 'readout';
  words.textContent = point[1];
  chart.parentElement?.append(words);
}

export function nearest(points: readonly Point[], x: number): Point | null {
  let best: Point | null = null;
  for (const point of points) {
    if (!best || Math.abs(point[0] - x) < Math.abs(best[0] - x)) best = point;
  }
  return best;
}

function clear(): void {
  for (const line of document.querySelectorAll('svg[data-chart] .cursor')) line.remove();
  for (const words of document.querySelectorAll('.readout')) words.remove();
}
