console.log("Nothing to build: Node runs the server's TypeScript as it is. The image: docker build -t compute-bridge .");
