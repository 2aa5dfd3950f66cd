// `Type` of class-transformer reads the type metadata that this brings, as soon as a class is decorated.
import 'reflect-metadata';

/**
 * The decorators that a field is made of. Each comes from its own module: the front door of class-validator loads every validator that
 * there is, telephone numbers included, which are 320 modules and a third of a second in each process.
 */
export { Type } from 'class-transformer/cjs/decorators/type.decorator.js';
export { ValidateBy } from 'class-validator/cjs/decorator/common/ValidateBy.js';
export { ValidateIf } from 'class-validator/cjs/decorator/common/ValidateIf.js';
export { ValidateNested } from 'class-validator/cjs/decorator/common/ValidateNested.js';
export { getMetadataStorage } from 'class-validator/cjs/metadata/MetadataStorage.js';
