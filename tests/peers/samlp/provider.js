// SAML identity providers on loopback, one for each organization of FOLDER/providers.json, which is read again at each request:
// {slug: {key, cert, sp: null or the certificate to encrypt for, mode: assertion|response|both, users: {name: {email, name, groups}}}}
// node provider.js PORT FOLDER
const fs = require('fs'), path = require('path'), zlib = require('zlib'), crypto = require('crypto');
const express = require('express'), samlp = require('samlp');

const [port, folder] = [Number(process.argv[2]), process.argv[3]];
const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const sessions = {}, states = {};
const escaped = (text) => String(text).replace(/[&"<>]/g, (character) => `&#${character.charCodeAt(0)};`);

// Which service providers a browser has gone to, by its cookie.
function visited(req, res) {
  const [, known] = new RegExp(`${req.provider.slug}=([\\w-]+)`).exec(req.headers.cookie || '') || [];
  const id = known || crypto.randomUUID();
  if (!known) res.cookie(req.provider.slug, id, { httpOnly: true, sameSite: 'lax' });
  return (sessions[id] ||= []);
}

function provider(slug) {
  const known = JSON.parse(fs.readFileSync(path.join(folder, 'providers.json')));
  return Object.hasOwn(known, slug) ? { slug, issuer: `http://127.0.0.1:${port}/${slug}/metadata`, ...known[slug] } : null;
}

function asked(request) {
  const packed = Buffer.from(request, 'base64');
  let text;
  try { text = zlib.inflateRawSync(packed).toString(); } catch { text = packed.toString(); }
  const found = (pattern) => (pattern.exec(text) || [])[1];
  return { acs: found(/AssertionConsumerServiceURL="([^"]+)"/), issuer: found(/<(?:\w+:)?Issuer[^>]*>([^<]+)</) };
}

function Mapper(user) { this.user = user; }
Mapper.prototype.getClaims = function () { return { email: this.user.email, displayName: this.user.name, groups: this.user.groups }; };
Mapper.prototype.getNameIdentifier = function () { return { nameIdentifier: this.user.email, nameIdentifierFormat: EMAIL }; };
Mapper.prototype.metadata = [];

const store = {
  save: (_req, state, done) => { const id = crypto.randomUUID(); states[id] = state; done(null, id); },
  load: (_req, id, options, done) => { const found = states[id]; const call = done || options; if (options.destroy) delete states[id]; call(null, found); },
  update: (_req, id, state, done) => { states[id] = state; done(null); },
};

const app = express();
app.use(express.urlencoded({ extended: false, limit: '1mb' }));
app.param('slug', (req, res, next, slug) => { req.provider = provider(slug); req.provider ? next() : res.status(404).send('no such provider'); });
app.get('/:slug/metadata', (req, res, next) => samlp.metadata({
  issuer: req.provider.issuer, cert: req.provider.cert, profileMapper: Mapper,
  redirectEndpointPath: `/${req.provider.slug}/sso`, postEndpointPath: `/${req.provider.slug}/sso`, logoutEndpointPaths: { redirect: `/${req.provider.slug}/slo` },
})(req, res, next));

app.all('/:slug/sso', (req, res) => {
  const given = { ...req.query, ...req.body };
  const hidden = Object.entries(given).map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`).join('');
  res.send(`<title>${req.provider.slug}</title><form method="post" action="/${req.provider.slug}/login">${hidden}<label>Account <input name="user"></label><button>Sign in</button></form>`);
});

app.post('/:slug/login', (req, res, next) => {
  const { issuer, key, cert, sp, mode, users } = req.provider, given = req.body, user = users[given.user];
  if (!user) return res.status(401).send('unknown account');
  const to = given.SAMLRequest ? asked(given.SAMLRequest) : { acs: given.acs, issuer: given.aud };
  const sessionIndex = `_${crypto.randomUUID()}`;
  visited(req, res).push({
    serviceProviderId: to.issuer, nameId: user.email, nameIdFormat: EMAIL, sessionIndex, serviceProviderLogoutURL: to.acs.replace(/acs$/, 'slo'),
    binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
  });
  req.user = user; req.method = 'GET'; req.query = given; // samlp reads SAMLRequest and RelayState from the query
  samlp.auth({
    issuer, cert, key, audience: to.issuer, destination: to.acs, recipient: to.acs, sessionIndex, lifetimeInSeconds: 300,
    signResponse: mode !== 'assertion', signAssertion: mode !== 'response', signatureAlgorithm: 'rsa-sha256', digestAlgorithm: 'sha256',
    profileMapper: (one) => new Mapper(one), getPostURL: (_audience, _document, _req, done) => done(null, to.acs),
    ...(sp ? { encryptionCert: sp, encryptionPublicKey: crypto.createPublicKey(sp).export({ type: 'spki', format: 'pem' }) } : {}),
  })(req, res, next);
});

app.get('/:slug/slo', (req, res, next) => samlp.logout({
  issuer: req.provider.issuer, cert: req.provider.cert, key: req.provider.key, signatureAlgorithm: 'rsa-sha256', digestAlgorithm: 'sha256', deflate: true,
  protocolBinding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect', store,
  sessionParticipants: new (require('samlp/lib/sessionParticipants'))(visited(req, res)),
})(req, res, next));

app.use((error, _req, res, _next) => { console.error(error); res.status(500).send(escaped(error && error.message)); });
app.listen(port, '127.0.0.1', () => console.log('ready'));
