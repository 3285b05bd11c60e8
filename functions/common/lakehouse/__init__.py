"""The shared package of the lakehouse: a pure core, and one thin module per AWS service around it."""
