using Dftp.Node;

namespace Dftp.Tests.Node;

[TestClass]
public sealed class OneLineTests
{
    [TestMethod]
    [DataRow("", "")]
    [DataRow("plain é 漢 😀 \\n", "plain é 漢 😀 \\n")]
    [DataRow("a\r\nb\tc", "a\\r\\nb\\tc")]
    [DataRow("\u001b[31mred\u007f", "\\x1b[31mred\\x7f")]
    [DataRow("\u009b\u0085", "\\x9b\\x85")]
    [DataRow("a\u2028b\u2029\0", "a\\u2028b\\u2029\\x00")]
    public void Escape_ControlCharacters_BecomeEscapes(string text, string escaped) => Assert.AreEqual(escaped, OneLine.Escape(text));
}
