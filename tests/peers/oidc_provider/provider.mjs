// An OpenID provider on loopback: node provider.mjs PORT SLUG BASE, where BASE is the address of the organization that it serves.
// alice (editors, staff), carol (staff) and bob (staff, his address not verified) sign in with any password.
import Provider from 'oidc-provider';

const [port, slug, base] = [Number(process.argv[2]), process.argv[3], process.argv[4]];
const users = {
  alice: { email: `alice.openid@${slug}.example`, email_verified: true, name: `Alice at ${slug}`, groups: ['editors', 'staff'] },
  carol: { email: `carol.openid@${slug}.example`, email_verified: true, name: `Carol at ${slug}`, groups: ['staff'] },
  bob: { email: `bob.openid@${slug}.example`, email_verified: false, name: `Bob at ${slug}`, groups: ['staff'] },
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'imprint', client_secret: 'a-secret-of-the-tests-0123456789abcdef',
    redirect_uris: [`${base}/auth/oidc/openid/callback`],
    post_logout_redirect_uris: [`${base}/auth/login?signed-out`],
    grant_types: ['authorization_code'], response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
  }],
  scopes: ['openid', 'email', 'profile', 'groups'],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
  findAccount: (_context, sub) => users[sub] && { accountId: sub, claims: () => ({ sub, ...users[sub] }) },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  pkce: { required: () => true },
  cookies: { keys: ['loopback-test-only'] },
});
provider.on('server_error', (_context, error) => console.error(error));
provider.listen(port, '127.0.0.1');
