import type { INestApplication } from '@nestjs/common';
import { setUpFrontPage } from './front-page.js';
import { FastifyRoutes } from '#platform/nest';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

/** The document of every route that the application has. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Perennial')
    .setDescription(
      'Touchpoints in, lifecycle stages out, each with its reason. Errors are RFC 9457 problem documents. Every query below `/v1/query` runs on the command line under the same name with the same parameters.',
    )
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      description: 'An API key: the admin key is shown at the first start.',
    })
    .addBasicAuth(
      { type: 'http', scheme: 'basic', description: 'A write key as the user, with an empty password' },
      'basic',
    )
    .build();
  const routes = app.get(FastifyRoutes).all;
  const document = SwaggerModule.createDocument(app, config, {
    extraModels: routes.flatMap(({ models }) => [...models]),
  });
  const schemas: Record<string, object> = { ...document.components?.schemas };
  for (const { path, method, operation, schemas: own } of routes) {
    document.paths[path] = { ...document.paths[path], [method]: operation };
    Object.assign(schemas, own);
  }
  document.components = { ...document.components, schemas };
  return document;
}

/** Serves Swagger UI at /docs, the document at /docs-json, and a page at / that leads to them. All are public: they hold no data of a customer. */
export function setUpOpenApi(app: INestApplication): void {
  setUpFrontPage(app);
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
  });
}
