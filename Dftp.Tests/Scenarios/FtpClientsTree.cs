using System.Globalization;
using Dftp.Tests.Node;

namespace Dftp.Tests.Scenarios;

/// <summary>
/// A directory that is difficult for clients (names, dates, empty directories, many entries, a large file), and places for its
/// copies.
/// </summary>
internal sealed class FtpClientsTree : IDisposable
{
    /// <summary>Ten thousand in full runs: sixteen mirrors of that many take minutes.</summary>
    public static readonly int ManyEntries = Environment.GetEnvironmentVariable("CI") == "true" ? 10_000 : 1000;

    /// <summary>Names that cause problems in some client.</summary>
    public const string LeadingSpace = " lead", TrailingSpace = "trail ", PercentName = "per%20cent";

    /// <summary>A name of the maximum length.</summary>
    public static readonly string LongName = new('x', 255);

    /// <summary>The precision of a client's times: a listing by LIST has only the day of an old file.</summary>
    public const string Seconds = " yyyy-MM-dd HH:mm:ss", Days = " yyyy-MM-dd", NoTime = "";

    private readonly TemporaryDirectory _folder = new();
    private int _copies;

    public FtpClientsTree()
    {
        Directory.CreateDirectory(Empty);
        Directory.CreateDirectory(Path.Combine(Source, "empty"));
        Directory.CreateDirectory(Path.Combine(Source, "names", "an empty one"));
        Big = new byte[24 * 1024 * 1024];
        new Random(24).NextBytes(Big);
        Write("big.bin", Big, "2024-02-29T23:59:59Z");
        Write("plain/text.txt", "one\ntwo\r\nthree"u8, "2016-10-23T12:07:06Z");
        Write("plain/nothing", [], "1999-12-31T23:59:59Z");
        Write("plain/deep/er/file", "deep"u8, "2001-09-09T01:46:40Z");
        var number = 0;
        foreach (var name in new[] { "with space", "two  spaces", "ünï ☃ 文", PercentName, "#hash", "semi;colon=x", "quo\"te's", "-dash",
            "$(dollar) & co", "dot.", ".hidden", "[br]ackets", "a\\b", LeadingSpace, TrailingSpace, "~tilde", "a:b", "star*?",
            "-> arrow", "back`tick|pipe<>" })
        {
            Write($"names/{name}/{name}", new[] { (byte)number },
                string.Create(CultureInfo.InvariantCulture, $"2010-03-28T02:30:{number++:00}Z"));
        }

        Write($"names/long/{LongName}", "long"u8, "2015-01-01T00:00:00Z");

        // A file of the current minute, for which LIST shows the time of day.
        Write("plain/fresh", "new"u8, DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:00Z", CultureInfo.InvariantCulture));
        Write("names/future", "x"u8, "2037-01-01T00:00:00Z");
        for (var entry = 0; entry < ManyEntries; entry++)
        {
            Write(string.Create(CultureInfo.InvariantCulture, $"many/{entry:00000}"), new[] { (byte)entry }, "2020-01-01T00:00:00Z");
        }
    }

    public byte[] Big { get; }

    public string Source => Path.Combine(_folder.Path, "source");

    /// <summary>The root of a node that holds nothing.</summary>
    public string Empty => Path.Combine(_folder.Path, "nothing");

    /// <summary>A new, empty directory.</summary>
    public string NewCopy() => Directory.CreateDirectory(Path.Combine(_folder.Path, $"copy{++_copies}")).FullName;

    /// <summary>Compares names, contents and times.</summary>
    /// <param name="part">A directory of the tree; empty for all of it.</param>
    /// <param name="copy">The client's copy of it.</param>
    /// <param name="precision">The precision of the copy's times.</param>
    /// <param name="except">Paths that the client skips or cannot copy.</param>
    public void AssertIsCopied(string part, string copy, string precision = Seconds, params string[] except)
    {
        var expected = Describe(Path.Combine(Source, part), precision, except);
        Assert.AreNotEqual(0, expected.Length);
        var actual = Describe(copy, precision, except);
        Assert.AreEqual(string.Join('\n', expected), string.Join('\n', actual));
    }

    public void AssertIsBig(string file, int from = 0, int? to = null) =>
        Assert.IsTrue(File.ReadAllBytes(file).AsSpan().SequenceEqual(Big.AsSpan()[from..(to ?? Big.Length)]), file);

    public void Dispose() => _folder.Dispose();

    private static string[] Describe(string root, string precision, string[] except) =>
    [
        .. new DirectoryInfo(root)
            .EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(info => (Info: info, Name: Path.GetRelativePath(root, info.FullName)))
            .Where(item => !except.Any(path => (item.Name + "/").StartsWith(path + "/", StringComparison.Ordinal)))
            .Select(item => item.Info is FileInfo file ? $"{item.Name} {Content(file)}{Time(file, precision)}" : item.Name + "/")
            .Order(StringComparer.Ordinal),
    ];

    private static string Content(FileInfo file) =>
        Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file.FullName)))[..16];

    private static string Time(FileInfo file, string precision) =>
        precision == NoTime ? "" : file.LastWriteTimeUtc.ToString(precision, CultureInfo.InvariantCulture);

    private void Write(string path, ReadOnlySpan<byte> content, string time)
    {
        var file = Path.Combine(Source, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
        File.SetLastWriteTimeUtc(file, DateTimeOffset.Parse(time, CultureInfo.InvariantCulture).UtcDateTime);
    }
}
