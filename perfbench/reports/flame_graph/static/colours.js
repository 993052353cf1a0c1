/* Colours of boxes, and of the ink in them that can always be read: the contrast is that of WCAG 2.1, at least 4.5. */
"use strict";

/** A little more than that, since colours are rounded to whole numbers. */
perfbench.LEAST_CONTRAST = 4.55;

/** The colour that a property of the style sheet holds, as [red, green, blue]. */
perfbench.colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16));

perfbench.mix = (one, other, share) => one.map((part, place) => part + (other[place] - part) * share);

perfbench.css = (colour) => `rgb(${colour.map(Math.round).join(" ")})`;

perfbench.luminance = (colour) => {
  const [red, green, blue] = colour.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

perfbench.contrast = (one, other) => {
  const [dark, light] = [perfbench.luminance(one), perfbench.luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};

/** The ink for a ground: a soft one where it can be read, else black or white, one of which always can. */
perfbench.inkOn = (ground) => {
  const better = (pair) => (perfbench.contrast(pair[0], ground) > perfbench.contrast(pair[1], ground) ? pair[0] : pair[1]);
  const soft = better([[28, 33, 40], [238, 241, 245]]);
  return perfbench.contrast(soft, ground) >= 5.5 ? soft : better([[0, 0, 0], [255, 255, 255]]);
};

/** A fill with the inks for it: for names, and a quieter one for what stands beside them. */
perfbench.swatch = (fill) => {
  const ink = perfbench.inkOn(fill), quiet = perfbench.mix(ink, fill, 0.25);
  return { fill, ink, quiet: perfbench.contrast(quiet, fill) >= perfbench.LEAST_CONTRAST ? quiet : ink };
};

/** Swatches for fills, and those of the same fills when something else is to be seen. */
perfbench.palette = (fills, ground) => {
  const written = ({ fill, ink, quiet }) => ({ fill: perfbench.css(fill), ink: perfbench.css(ink), quiet: perfbench.css(quiet) });
  return {
    full: fills.map((fill) => written(perfbench.swatch(fill))),
    faded: fills.map((fill) => written(perfbench.swatch(perfbench.mix(fill, ground, 0.8)))),
  };
};
