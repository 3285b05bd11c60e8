"""The sample: a small invented company, as CSVs that people can read, with every trap that real exports have.

`importau sample` writes it. It is data for people, so it is made with pandas, a concept a file; the synthetic source
of any size is `bronze.synthetic`, whose words and way of drawing it shares. Amounts are whole units of their
contract's scale (cents, millionths of a rate, ten-thousandths of a per cent, grams), and nothing is drawn but whole
numbers.
"""
