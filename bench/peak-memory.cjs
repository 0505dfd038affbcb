// Loaded into each measured program with `--require`. Plain JavaScript: taking types away costs memory itself.
const { appendFileSync } = require('node:fs');

const file = process.env.BENCH_PEAK_MEMORY_FILE;
if (file) {
  // Kilobytes, as getrusage(2) gives them on Linux; libuv converts elsewhere.
  process.on('exit', () => appendFileSync(file, `${process.resourceUsage().maxRSS}\n`));
}
