/** The epoch in which a message's number counts, as the schemas of feeds describe it. */
export const EPOCH = {
  type: 'integer',
  minimum: 1,
  description:
    'Absent at first. After the engine lost what it had published, numbers begin again under a new epoch, which is higher than each before: compare the epoch first, then the number.',
};
