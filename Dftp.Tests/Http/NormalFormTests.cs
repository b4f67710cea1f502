using System.Text;
using Dftp.Http.Text;
using Dftp.Tests.Node;
using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Http;

[TestClass]
public sealed class NormalFormTests
{
    /// <summary>Compares lines of text and form C, as code points, with Python's Unicode data, for characters that it knows.</summary>
    private const string CompareScript =
        """
        import sys, unicodedata
        checked = 0
        for line in open(sys.argv[1], encoding='ascii'):
            text, composed = (''.join(chr(int(code, 16)) for code in part.split()) for part in line.split(';'))
            if any(unicodedata.category(char) == 'Cn' for char in text): continue
            assert unicodedata.normalize('NFC', text) == composed, line
            checked += 1
        print(checked)
        """;

    [TestMethod]
    [DataRow("plain.txt")]
    [DataRow("Übung, é, ß")]
    [DataRow("日本語")]
    [DataRow("한글")]
    [DataRow("😀")]
    [DataRow("")]
    public void ComposedText_IsFormC(string text)
    {
        Assert.IsTrue(NormalForm.IsComposed(Encoding.UTF8.GetBytes(text)));
        Assert.AreEqual(text, Encoding.UTF8.GetString(NormalForm.Compose(Encoding.UTF8.GetBytes(text))));
    }

    // They would become ASCII, and the fast search relies on ASCII being unchanged.
    [TestMethod]
    [DataRow("\u212A")]
    [DataRow("\u037E")]
    [DataRow("\u1FEF")]
    public void CharactersThatWouldBecomeAscii_Stay(string text) => Assert.AreEqual(text, NormalForm.Compose(text));

    [TestMethod]
    public void LongText_IsComposedCompletely()
    {
        Assert.AreEqual(new string('\u00DC', 10_000), NormalForm.Compose(string.Concat(Enumerable.Repeat("U\u0308", 10_000))));
    }

    // Annex #15, conformance: every character alone, after a letter, before and between marks, and decomposed.
    [TestMethod]
    public async Task Form_IsThatOfUnicode()
    {
        ProgramTools.Require("python3");
        var marks = new[] { "\u0301", "\u0323", "\u0308\u0301", "\u0345", "\u3099", "\u1161", "\u11A8", "\u0338" };
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.Path, "forms");
        var lines = 0;
        await using (var writer = new StreamWriter(file))
        {
            for (var code = 1; code < 0x30000; code++)
            {
                if (!Rune.IsValid(code) || code is 0x212A or 0x037E or 0x1FEF) continue;
                var character = new Rune(code).ToString();
                WriteLine(character);
                if (code is >= 0x3400 and < 0xA000 or >= 0xAD00 and < 0xD700 or >= 0x20000 and < 0x2F000) continue;
                foreach (var mark in marks) WriteLine("a" + character + mark + character);
            }

            void WriteLine(string text)
            {
                writer.WriteLine($"{CodesOf(text)};{CodesOf(NormalForm.Compose(text))}");
                lines++;
            }
        }

        var checkedLines = (await ExternalProgram.RunAsync(TimeSpan.FromSeconds(60), "python3", "-c", CompareScript, file)).OutputIfDone();

        Assert.IsTrue(int.Parse(checkedLines, System.Globalization.CultureInfo.InvariantCulture) > 200_000, $"{checkedLines} of {lines}");
    }

    private static string CodesOf(string text) => string.Join(
        ' ',
        text.EnumerateRunes().Select(rune => rune.Value.ToString("X4", System.Globalization.CultureInfo.InvariantCulture)));
}
