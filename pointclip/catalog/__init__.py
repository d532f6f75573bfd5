"""What is built in, as plain data: projections, backbones, methods, data sets, columns."""
