// An issuer on a free port of loopback, whose address is the first line it prints. It ends when its standard input does.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [redirect, audience] = process.argv.slice(2);
const flow = { redirect_uris: [redirect], grant_types: ['authorization_code'], response_types: ['code'] };
const key = (alg, type, options) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }), alg, kid: alg, use: 'sig' });
const configuration = {
  clients: [
    { ...flow, client_id: 'taizhang', client_secret: 'a client-secret', id_token_signed_response_alg: 'PS256' },
    { ...flow, client_id: 'public', token_endpoint_auth_method: 'none', id_token_signed_response_alg: 'ES256' },
    { ...flow, client_id: 'another', client_secret: 'a client-secret' },
    { client_id: 'program', client_secret: 'a client-secret', redirect_uris: [], grant_types: ['client_credentials'], response_types: [] },
  ],
  jwks: { keys: [key('ES256', 'ec', { namedCurve: 'P-256' }), key('PS256', 'rsa', { modulusLength: 2048 }), key('RS256', 'rsa', { modulusLength: 2048 })] },
  cookies: { keys: ['of this run'] },
  pkce: { required: () => true },
  enabledJWA: { idTokenSigningAlgValues: ['ES256', 'PS256', 'RS256'] },
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: (ctx, resource) => ({
        scope: 'read', audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: resource === audience ? 3600 : 7 * 86400,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const address = `http://127.0.0.1:${server.address().port}`;
  server.on('request', new Provider(address, configuration).callback());
  console.log(address);
});
process.stdin.resume().on('end', () => process.exit());
