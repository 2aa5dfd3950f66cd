/**
 * Opens a page in Chromium that uses the library of browsers as a shop does: `open-page.mjs CHROMIUM PAGE ENGINE WRITE_KEY`. The page must load the
 * library; ends when it has sent everything.
 */
import { chromium } from 'playwright-core';

const [executablePath, page, cdnURL, writeKey] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'],
});
try {
  const tab = await browser.newPage();
  await tab.goto(page);
  const sent = [];
  tab.on('response', (answer) => void (answer.request().method() === 'POST' && sent.push(answer.url())));
  await tab.evaluate(
    async (settings) => {
      const [analytics] = await globalThis.AnalyticsNext.AnalyticsBrowser.load(settings);
      await analytics.page();
      await analytics.track('Product Viewed', { sku: 'TEA-1', price: 12.5 });
      await analytics.identify('u-1', { email: 'jane@shop.example' });
      await analytics.track('Order Completed', { order_id: 'o-1', total: 12.5 });
    },
    { writeKey, cdnURL },
  );
  for (let waits = 0; sent.length < 4 && waits < 100; waits += 1) await tab.waitForTimeout(100);
} finally {
  await browser.close();
}
