// Starts GraphiQL against this very address, with the session's cookie and its form token.
(() => {
  const token = document.body.dataset.formToken;
  const headers = token ? { "X-CSRF-Token": token } : {};
  const fetcher = GraphiQL.createFetcher({ url: "/graphql", headers });
  const welcome = "{\n  posts(first: 10) {\n    nodes { title slug publishedAt author { name } tags { name } }\n    totalCount\n  }\n}\n";
  const element = React.createElement(GraphiQL, { fetcher, defaultQuery: welcome, shouldPersistHeaders: false });
  ReactDOM.createRoot(document.getElementById("graphiql")).render(element);
})();
