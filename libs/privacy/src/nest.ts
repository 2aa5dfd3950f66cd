export { ErasuresController } from './erasure/erasures.controller.js';
