// @ts-check
/** placeholder */
/** @param {unknown} a @param {string} b @returns {Promise<string[]>} */
export async function drawCharts(a, b) { return []; }
