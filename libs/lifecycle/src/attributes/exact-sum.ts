/** The sum of numbers as their decimal digits say it, in any order the same: 0.1 and 0.2 make 0.3. */
export function exactSum(numbers: readonly number[]): number {
  let digits = 0n;
  let scale = 0;
  for (const number of numbers) {
    const [own, places] = decimal(number);
    if (places > scale) {
      digits *= 10n ** BigInt(places - scale);
      scale = places;
    }
    digits += own * 10n ** BigInt(scale - places);
  }
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  const whole = text.slice(0, text.length - scale);
  const number = Number(scale === 0 ? whole : `${whole}.${text.slice(-scale)}`);
  return digits < 0n ? -number : number;
}

/** The digits of a number, and how many of them stand after the point. */
function decimal(number: number): readonly [digits: bigint, places: number] {
  const [mantissa = '0', exponent = '0'] = String(number).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const places = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return places < 0 ? [digits * 10n ** BigInt(-places), 0] : [digits, places];
}
