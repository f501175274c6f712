"""The only ways in for documents and for human text: size, depth, encodings and hostile constructs are settled here."""
