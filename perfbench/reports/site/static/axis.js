/* Where the lines of a chart’s grid lie, and what is written beside them. */
"use strict";

/** Round values, in the unit in which they are written. */
perfbench.ticks = (low, high, factor, wanted, log) => {
  const MOST = 40; // whatever the numbers are, this ends
  const found = [];
  if (log && high / low > 8) {
    const first = Math.floor(Math.log10(low) - Math.log10(factor)), last = Math.ceil(Math.log10(high) - Math.log10(factor));
    const steps = last - first > 4 ? [1] : last - first > 2 ? [1, 3] : [1, 2, 5];
    const pace = Math.max(1, Math.ceil((last - first) / 8));
    for (let power = first; power <= last && found.length < MOST; power += pace)
      found.push(...steps.map((step) => step * 10 ** power * factor).filter((tick) => tick >= low && tick <= high));
    return found;
  }
  const rough = (high - low) / factor / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * power).find((one) => one >= rough) || rough;
  const first = Math.ceil(low / factor / step);
  for (let count = 0; (first + count) * step * factor <= high && count < MOST; count += 1)
    found.push((first + count) * step * factor);
  return found;
};

/** Ticks with as many decimals as tell them apart, the same for all; those of a wide logarithm each by itself. */
perfbench.tickWords = (ticks) => {
  const steps = ticks.slice(1).map((tick, place) => tick - ticks[place]);
  const step = Math.min(...steps), most = Math.max(...ticks.map(Math.abs));
  if (!steps.length || Math.max(...steps) > step * 1.5 || most >= 1e15 || most < 1e-4) return ticks.map((tick) => perfbench.digits(tick));
  let decimals = 0;
  while (decimals < 9 && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6 * step * 10 ** decimals) decimals += 1;
  return ticks.map((tick) => tick.toFixed(decimals).replace("-", "−"));
};
