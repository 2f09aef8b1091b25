// The page to try the API: Swagger UI on our own specification.

const main = document.getElementById("swagger-ui");

window.SwaggerUIBundle({ url: main.dataset.specification, domNode: main, deepLinking: true });
