export { liveSchema } from '#projections/schema';
