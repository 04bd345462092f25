// Starts GraphiQL against this very address, with the session's cookie and its form token.
(() => {
  const token = document.body.dataset.formToken;
  const headers = token ? { "X-CSRF-Token": token } : {};
  const fetcher = GraphiQL.createFetcher({ url: "/graphql", headers });
  const welcome = `# Choose an operation beside the run button. Sign in at /auth/login first; authors write, editors approve and publish.

query Read {
  me { name role }
  posts(first: 10) {
    totalCount
    nodes { id title slug status publishedAt author { name } tags { name } }
  }
}

mutation Write {
  createPost(input: {title: "Hello", content: "Some *text*.", tags: ["news"]}) {
    post { id slug status }
  }
}

# Put the new post's id here.
mutation Submit { submitPost(input: {id: ""}) { post { status } } }

mutation Approve { approvePost(input: {id: ""}) { post { status } } }

mutation Publish { publishPost(input: {id: ""}) { post { status slug } } }

query WhatIWasTold {
  notifications(first: 5) { kind createdAt event { type } }
}
`;
  const element = React.createElement(GraphiQL, { fetcher, defaultQuery: welcome, shouldPersistHeaders: false });
  ReactDOM.createRoot(document.getElementById("graphiql")).render(element);
})();
