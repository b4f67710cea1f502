using System.Text;
using Dftp.Cluster.Index;

namespace Dftp.Tests.Cluster.Index;

[TestClass]
public sealed class AsciiSearchTests
{
    [TestMethod]
    public void RandomTexts_AreFoundWhereTheFrameworkFindsThem()
    {
        var random = new Random(1);
        for (var round = 0; round < 20_000; round++)
        {
            var text = RandomText(random, random.Next(100));
            var wanted = RandomText(random, random.Next(1, 5)).ToLowerInvariant();
            Assert.AreEqual(
                text.IndexOf(wanted, StringComparison.OrdinalIgnoreCase),
                AsciiSearch.IndexOfIgnoreCase(Encoding.ASCII.GetBytes(text), Encoding.ASCII.GetBytes(wanted)),
                $"'{wanted}' in '{text}'");
        }
    }

    // The case bit of letters also distinguishes these characters: @ and `, [ and {, and a control character and a digit.
    [TestMethod]
    [DataRow("`", "@")]
    [DataRow("{", "[")]
    [DataRow("1", "\u0011")]
    public void CharactersWithoutCase_AreTakenAsTheyAre(string wanted, string text) =>
        Assert.AreEqual(-1, AsciiSearch.IndexOfIgnoreCase(Encoding.ASCII.GetBytes(text + new string('-', 40)),
            Encoding.ASCII.GetBytes(wanted)));

    private static string RandomText(Random random, int length) =>
        string.Concat(Enumerable.Range(0, length).Select(_ => "aAbB.1"[random.Next(6)]));
}
