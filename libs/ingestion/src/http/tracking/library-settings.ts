/** What the browser library reads of a project before it sends: no integration but this server, and no plan that blocks an event. */
export function librarySettings(writeKey: string, address: { readonly host: string; readonly protocol: string }) {
  const everything = { __default: { enabled: true, integrations: {} } };
  return {
    integrations: {
      'Segment.io': {
        apiKey: writeKey,
        ...{ apiHost: `${address.host}/v1`, protocol: address.protocol },
        ...{ unbundledIntegrations: [], addBundledMetadata: false, maybeBundledConfigIds: {} },
        versionSettings: { version: '4.4.7', componentTypes: ['browser'] },
      },
    },
    plan: { track: everything, identify: everything, group: everything },
    ...{ edgeFunction: {}, analyticsNextEnabled: true, middlewareSettings: {}, enabledMiddleware: {} },
    ...{ metrics: { sampleRate: 0 }, legacyVideoPluginsEnabled: false, remotePlugins: [] },
  };
}
