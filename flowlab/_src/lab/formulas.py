"""What an operation computes, in the field's notation: a table from operation type to TeX and to plain words.

Letters: x (or a and b) comes in, y goes out; w is a weight, g the gradient that arrives; i, j, k count elements.
"""

from __future__ import annotations

from typing import NamedTuple


class Formula(NamedTuple):
    """A formula for MathJax, and the same for pages without it and for screen readers."""

    tex: str
    text: str


def unary(tex: str, text: str) -> Formula:
    return Formula(f"y = {tex}", f"y = {text}")


# fmt: off
FORMULAS: dict[str, Formula] = {
    # element by element
    "Add": Formula(r"y = a + b", "y = a + b"),
    "AddV2": Formula(r"y = a + b", "y = a + b"),
    "AddN": Formula(r"y = \sum_k x_k", "y = x₁ + x₂ + …"),
    "BiasAdd": Formula(r"y_{n,c} = x_{n,c} + b_c", "y[…, c] = x[…, c] + b[c]"),
    "Sub": Formula(r"y = a - b", "y = a − b"),
    "Mul": Formula(r"y = a \cdot b", "y = a · b, element by element"),
    "Div": Formula(r"y = \frac{a}{b}", "y = a / b"),
    "RealDiv": Formula(r"y = \frac{a}{b}", "y = a / b"),
    "DivNoNan": Formula(r"y = \begin{cases} a / b & b \neq 0 \\ 0 & b = 0 \end{cases}", "y = a / b, or 0 where b = 0"),
    "FloorDiv": Formula(r"y = \lfloor a / b \rfloor", "y = ⌊a / b⌋"),
    "TruncateDiv": Formula(r"y = \operatorname{trunc}(a / b)", "y = a / b, cut off towards 0"),
    "FloorMod": Formula(r"y = a - b \lfloor a / b \rfloor", "y = a − b ⌊a / b⌋"),
    "Mod": Formula(r"y = a \bmod b", "y = a mod b"),
    "Pow": Formula(r"y = a^b", "y = a to the power b"),
    "Maximum": Formula(r"y = \max(a, b)", "y = max(a, b)"),
    "Minimum": Formula(r"y = \min(a, b)", "y = min(a, b)"),
    "SquaredDifference": Formula(r"y = (a - b)^2", "y = (a − b)²"),
    "Xlogy": Formula(r"y = a \ln b", "y = a ln b, 0 where a = 0"),
    "Xdivy": Formula(r"y = a / b", "y = a / b, 0 where a = 0"),
    "Atan2": Formula(r"\varphi = \operatorname{atan2}(y, x)", "φ = angle of the point (x, y)"),
    "Neg": unary("-x", "−x"),
    "Abs": unary("|x|", "|x|"),
    "Sign": unary(r"\operatorname{sgn} x", "sign of x"),
    "Square": unary("x^2", "x²"),
    "Sqrt": unary(r"\sqrt{x}", "√x"),
    "Rsqrt": unary(r"\frac{1}{\sqrt{x}}", "1 / √x"),
    "Reciprocal": unary(r"\frac{1}{x}", "1 / x"),
    "Inv": unary(r"\frac{1}{x}", "1 / x"),
    "Exp": unary("e^x", "exp(x)"),
    "Expm1": unary("e^x - 1", "exp(x) − 1"),
    "Log": unary(r"\ln x", "ln x"),
    "Log1p": unary(r"\ln(1 + x)", "ln(1 + x)"),
    "Sin": unary(r"\sin x", "sin x"),
    "Cos": unary(r"\cos x", "cos x"),
    "Tan": unary(r"\tan x", "tan x"),
    "Asin": unary(r"\arcsin x", "arcsin x"),
    "Acos": unary(r"\arccos x", "arccos x"),
    "Atan": unary(r"\arctan x", "arctan x"),
    "Sinh": unary(r"\sinh x", "sinh x"),
    "Cosh": unary(r"\cosh x", "cosh x"),
    "Floor": unary(r"\lfloor x \rfloor", "⌊x⌋"),
    "Ceil": unary(r"\lceil x \rceil", "⌈x⌉"),
    "Round": unary(r"\operatorname{round}(x)", "x rounded, halves to even"),
    "Rint": unary(r"\operatorname{round}(x)", "x rounded, halves to even"),
    "Erf": unary(r"\frac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt", "the error function of x"),
    "Lgamma": unary(r"\ln |\Gamma(x)|", "ln |Γ(x)|"),
    "Digamma": unary(r"\Gamma'(x) / \Gamma(x)", "Γ′(x) / Γ(x)"),
    # activations
    "Sigmoid": unary(r"\sigma(x) = \frac{1}{1 + e^{-x}}", "σ(x) = 1 / (1 + exp(−x))"),
    "Tanh": unary(r"\tanh x", "tanh x"),
    "Relu": unary(r"\max(0, x)", "max(0, x)"),
    "Relu6": unary(r"\min(\max(0, x), 6)", "min(max(0, x), 6)"),
    "LeakyRelu": unary(r"\max(\alpha x, x)", "max(α x, x)"),
    "Elu": unary(r"\begin{cases} x & x > 0 \\ e^x - 1 & x \le 0 \end{cases}", "x where x > 0, else exp(x) − 1"),
    "Selu": unary(r"\lambda \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}",
                  "λ x where x > 0, else λ α (exp(x) − 1)"),
    "Softplus": unary(r"\ln(1 + e^x)", "ln(1 + exp(x))"),
    "Softsign": unary(r"\frac{x}{1 + |x|}", "x / (1 + |x|)"),
    "Softmax": Formula(r"y_i = \frac{e^{x_i}}{\sum_j e^{x_j}}", "y[i] = exp(x[i]) / Σⱼ exp(x[j])"),
    "LogSoftmax": Formula(r"y_i = x_i - \ln \sum_j e^{x_j}", "y[i] = x[i] − ln Σⱼ exp(x[j])"),
    # comparisons and choices
    "Equal": Formula(r"y = [a = b]", "y = whether a = b"),
    "NotEqual": Formula(r"y = [a \neq b]", "y = whether a ≠ b"),
    "Less": Formula(r"y = [a < b]", "y = whether a < b"),
    "LessEqual": Formula(r"y = [a \le b]", "y = whether a ≤ b"),
    "Greater": Formula(r"y = [a > b]", "y = whether a > b"),
    "GreaterEqual": Formula(r"y = [a \ge b]", "y = whether a ≥ b"),
    "LogicalAnd": Formula(r"y = a \land b", "y = a and b"),
    "LogicalOr": Formula(r"y = a \lor b", "y = a or b"),
    "LogicalNot": unary(r"\lnot x", "not x"),
    "Select": Formula(r"y = \begin{cases} a & c \\ b & \lnot c \end{cases}", "y = a where c, else b"),
    "SelectV2": Formula(r"y = \begin{cases} a & c \\ b & \lnot c \end{cases}", "y = a where c, else b"),
    # linear algebra
    "MatMul": Formula(r"y_{ij} = \sum_k a_{ik}\, b_{kj}", "y[i, j] = Σₖ a[i, k] · b[k, j]"),
    "BatchMatMul": Formula(r"y_{nij} = \sum_k a_{nik}\, b_{nkj}", "y[n, i, j] = Σₖ a[n, i, k] · b[n, k, j]"),
    "BatchMatMulV2": Formula(r"y_{nij} = \sum_k a_{nik}\, b_{nkj}", "y[n, i, j] = Σₖ a[n, i, k] · b[n, k, j]"),
    "L2Loss": unary(r"\tfrac12 \sum_i x_i^2", "½ Σ x²"),
    "MatrixInverse": unary("x^{-1}", "the inverse of the matrix x"),
    "MatrixDeterminant": unary(r"\det x", "det x"),
    "Cholesky": Formula(r"x = y\, y^\top", "x = y yᵀ, y lower triangular"),
    "MatrixSolve": Formula(r"a\, y = b", "y solves a y = b"),
    "Transpose": Formula(r"y_{ji} = x_{ij}", "y[j, i] = x[i, j]: the axes in another order"),
    # reductions
    "Sum": unary(r"\sum_i x_i", "Σ x along the axes"),
    "Mean": unary(r"\frac{1}{n} \sum_{i=1}^{n} x_i", "(1/n) Σ x along the axes"),
    "Prod": unary(r"\prod_i x_i", "Π x along the axes"),
    "Max": unary(r"\max_i x_i", "the largest x along the axes"),
    "Min": unary(r"\min_i x_i", "the smallest x along the axes"),
    "All": unary(r"\bigwedge_i x_i", "whether all x"),
    "Any": unary(r"\bigvee_i x_i", "whether any x"),
    "ArgMax": unary(r"\operatorname{arg\,max}_i x_i", "the place of the largest x"),
    "ArgMin": unary(r"\operatorname{arg\,min}_i x_i", "the place of the smallest x"),
    "Cumsum": Formula(r"y_i = \sum_{j \le i} x_j", "y[i] = x[0] + … + x[i]"),
    "Cumprod": Formula(r"y_i = \prod_{j \le i} x_j", "y[i] = x[0] · … · x[i]"),
    # convolutional nets
    "Conv2D": Formula(r"y_{n,i,j,c} = \sum_{u,v,d} x_{n,\,si+u,\,sj+v,\,d}\; w_{u,v,d,c}",
                      "y[n, i, j, c] = Σ x[n, s·i+u, s·j+v, d] · w[u, v, d, c] over u, v, d"),
    "DepthwiseConv2dNative": Formula(r"y_{n,i,j,dm} = \sum_{u,v} x_{n,\,si+u,\,sj+v,\,d}\; w_{u,v,d,m}",
                                     "y[n, i, j, d·m] = Σ x[n, s·i+u, s·j+v, d] · w[u, v, d, m] over u, v"),
    "MaxPool": Formula(r"y_{n,i,j,c} = \max_{u,v} x_{n,\,si+u,\,sj+v,\,c}",
                       "y[n, i, j, c] = the largest x in the window at (s·i, s·j)"),
    "AvgPool": Formula(r"y_{n,i,j,c} = \frac{1}{k^2} \sum_{u,v} x_{n,\,si+u,\,sj+v,\,c}",
                       "y[n, i, j, c] = the mean of x in the window at (s·i, s·j)"),
    "LRN": Formula(r"y_c = x_c \Big/ \Big(k + \alpha \sum_{|d - c| \le r} x_d^2\Big)^{\beta}",
                   "y[c] = x[c] / (k + α Σ x[d]²)^β over the channels near c"),
    "FusedBatchNormV3": Formula(r"y = \gamma\, \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta",
                                "y = γ (x − μ) / √(σ² + ε) + β"),
    # losses
    "SoftmaxCrossEntropyWithLogits": Formula(r"y_n = -\sum_c t_{nc} \ln \frac{e^{x_{nc}}}{\sum_k e^{x_{nk}}}",
                                             "y[n] = −Σ t[n, c] · ln softmax(x[n])[c] over the classes c"),
    "SparseSoftmaxCrossEntropyWithLogits": Formula(r"y_n = -\ln \frac{e^{x_{n t_n}}}{\sum_k e^{x_{nk}}}",
                                                   "y[n] = −ln softmax(x[n])[t[n]]"),
    # their gradients
    "ReluGrad": Formula(r"\frac{\partial L}{\partial x} = g \cdot [x > 0]", "dL/dx = g where x > 0, else 0"),
    "SigmoidGrad": Formula(r"\frac{\partial L}{\partial x} = g \cdot y (1 - y)", "dL/dx = g · y (1 − y)"),
    "TanhGrad": Formula(r"\frac{\partial L}{\partial x} = g \cdot (1 - y^2)", "dL/dx = g · (1 − y²)"),
    "SoftplusGrad": Formula(r"\frac{\partial L}{\partial x} = g \cdot \sigma(x)", "dL/dx = g · σ(x)"),
    "SqrtGrad": Formula(r"\frac{\partial L}{\partial x} = \frac{g}{2 y}", "dL/dx = g / (2 y)"),
    "BiasAddGrad": Formula(r"\frac{\partial L}{\partial b_c} = \sum_n g_{n,c}", "dL/db[c] = Σ g over all but c"),
    "Conv2DBackpropInput": Formula(r"\frac{\partial L}{\partial x} = g \star w^{\text{turned}}",
                                   "dL/dx: g convolved with the turned filter"),
    "Conv2DBackpropFilter": Formula(r"\frac{\partial L}{\partial w_{u,v,d,c}} = \sum_{n,i,j} x_{n,\,si+u,\,sj+v,\,d}\; g_{n,i,j,c}",
                                    "dL/dw[u, v, d, c] = Σ x[n, s·i+u, s·j+v, d] · g[n, i, j, c] over n, i, j"),
    "MaxPoolGrad": Formula(r"\frac{\partial L}{\partial x} = g \text{ where } x \text{ was the largest}",
                           "dL/dx = g where x was the largest of its window, else 0"),
    # optimizers
    "ApplyGradientDescent": Formula(r"w \leftarrow w - \alpha\, g", "w ← w − α g"),
    "ApplyMomentum": Formula(r"m \leftarrow \mu m + g, \quad w \leftarrow w - \alpha\, m", "m ← μ m + g;  w ← w − α m"),
    "ApplyAdagrad": Formula(r"s \leftarrow s + g^2, \quad w \leftarrow w - \frac{\alpha\, g}{\sqrt{s}}",
                            "s ← s + g²;  w ← w − α g / √s"),
    "ApplyRMSProp": Formula(r"s \leftarrow \rho s + (1 - \rho) g^2, \quad w \leftarrow w - \frac{\alpha\, g}{\sqrt{s + \varepsilon}}",
                            "s ← ρ s + (1 − ρ) g²;  w ← w − α g / √(s + ε)"),
    "ApplyAdam": Formula(r"\begin{aligned} m &\leftarrow \beta_1 m + (1 - \beta_1) g \\ v &\leftarrow \beta_2 v + (1 - \beta_2) g^2 \\"
                         r" w &\leftarrow w - \alpha \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t} \frac{m}{\sqrt{v} + \varepsilon} \end{aligned}",
                         "m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  w ← w − α √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε)"),
    "Assign": Formula(r"w \leftarrow x", "w ← x"),
    "AssignAdd": Formula(r"w \leftarrow w + x", "w ← w + x"),
    "AssignSub": Formula(r"w \leftarrow w - x", "w ← w − x"),
    # shapes and pieces
    "Identity": unary("x", "x"),
    "StopGradient": unary(r"x, \quad \frac{\partial y}{\partial x} := 0", "x; no gradient goes back"),
    "Reshape": Formula(r"y = x \text{ in another shape}", "y = x in another shape, the order of the elements kept"),
    "ConcatV2": Formula(r"y = [x_1, x_2, \dots]", "y = x₁, x₂, … joined along an axis that is there"),
    "Pack": Formula(r"y_k = x_k", "y[k] = xₖ: stacked along a new axis"),
    "Unpack": Formula(r"y_k = x_{k}", "yₖ = x[k]: taken apart along an axis"),
    "GatherV2": Formula(r"y_k = x_{i_k}", "y[k] = x[i[k]]"),
    "OneHot": Formula(r"y_{nc} = [c = x_n]", "y[n, c] = 1 where c = x[n], else 0"),
    "Cast": Formula(r"y = x \text{ as another dtype}", "y = x as another dtype"),
    "Fill": Formula(r"y_{ij\dots} = x", "y = x everywhere"),
    "ZerosLike": Formula(r"y_{ij\dots} = 0", "y = 0 everywhere, in the shape of x"),
    "OnesLike": Formula(r"y_{ij\dots} = 1", "y = 1 everywhere, in the shape of x"),
    "Range": Formula(r"y_k = a + k d", "y[k] = a + k·d, below the limit"),
    "Tile": Formula(r"y_i = x_{i \bmod n}", "y = x again and again"),
    "TopKV2": Formula(r"y = \text{the } k \text{ largest } x", "y = the k largest x, and their places"),
    # chance
    "RandomStandardNormal": Formula(r"y \sim \mathcal{N}(0, 1)", "y normally distributed, mean 0, deviation 1"),
    "TruncatedNormal": Formula(r"y \sim \mathcal{N}(0, 1), \; |y| < 2", "y normally distributed, but |y| < 2"),
    "RandomUniform": Formula(r"y \sim \mathcal{U}[0, 1)", "y evenly distributed from 0 to below 1"),
    "RandomUniformInt": Formula(r"y \sim \mathcal{U}\{a, \dots, b - 1\}", "y evenly distributed, whole, from a to below b"),
    "Multinomial": Formula(r"P(y = c) \propto e^{x_c}", "y = c with probability proportional to exp(x[c])"),
}
# fmt: on


def formula_of(kind: str) -> Formula | None:
    """The formula of an operation type; that of an optimizer is the same for resource variables."""
    found = FORMULAS.get(kind)
    if found is None and kind.startswith("Resource"):
        found = FORMULAS.get(kind.removeprefix("Resource"))
    if found is None and kind.startswith("Assign"):
        found = FORMULAS.get(kind.removesuffix("VariableOp"))
    return found
