using Dftp.Cluster.Door;
using Dftp.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Dftp.Tests.Cluster.Door;

[TestClass]
public sealed class SecretFileTests
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [TestMethod]
    public void Keys_AreTheLinesInOrder_WithoutBlankLinesCommentsAndRepetitions()
    {
        using var file = new SecretOfTest();
        file.Write($"\uFEFF# two keys\r\n\r\n{SecretOfTest.KeyA}\r\n   \n{SecretOfTest.KeyB}\n{SecretOfTest.KeyA}");

        using var secret = file.Open();

        CollectionAssert.AreEqual(
            new[] { SecretOfTest.IdOf(SecretOfTest.KeyA), SecretOfTest.IdOf(SecretOfTest.KeyB) },
            secret.Keys.Keys.Select(key => key.Id).ToList());
        Assert.AreEqual(SecretOfTest.IdOf(SecretOfTest.KeyA), secret.Keys.Signing.Id);
    }

    [TestMethod]
    [DataRow("", "it has no key: make one by dftp secret new")]
    [DataRow("# nothing but a comment\n\n", "it has no key: make one by dftp secret new")]
    [DataRow("0123456789012345678901234567890\n", "line 1 has 31 bytes; a key has at least 32")]
    [DataRow("\n01234567890123456789012345678901 \n", "line 2 begins or ends with white space")]
    [DataRow("\t01234567890123456789012345678901\n", "line 1 begins or ends with white space")]
    public void UnusableContent_IsRefusedInASentenceWithoutTheKey(string content, string problem)
    {
        using var file = new SecretOfTest();
        file.Write(content);

        var failure = Assert.ThrowsExactly<SecretFileException>(file.Open);

        Assert.AreEqual($"{file.Path}: {problem}", failure.Message);
    }

    [TestMethod]
    public void KeyOf32Bytes_IsAccepted()
    {
        using var file = new SecretOfTest(new string('x', 32));

        using var secret = file.Open();

        Assert.AreEqual(1, secret.Keys.Keys.Count);
    }

    [TestMethod]
    public void SeventeenKeys_AreTooMany()
    {
        using var file = new SecretOfTest([.. Enumerable.Range(0, 17).Select(i => $"{i:d2}{SecretOfTest.KeyA}")]);

        StringAssert.EndsWith(Assert.ThrowsExactly<SecretFileException>(file.Open).Message, "line 17 is one key too many: at most 16");
    }

    [TestMethod]
    [DataRow(Own | UnixFileMode.GroupRead, "0640")]
    [DataRow(Own | UnixFileMode.OtherRead, "0604")]
    [DataRow(Own | UnixFileMode.OtherWrite, "0602")]
    public void FileThatOthersReach_IsRefused(UnixFileMode mode, string shown)
    {
        using var file = new SecretOfTest();
        file.Write(SecretOfTest.KeyA, mode);

        var failure = Assert.ThrowsExactly<SecretFileException>(file.Open);

        Assert.AreEqual($"{file.Path}: other users have access to it (mode {shown}): chmod 600", failure.Message);
    }

    [TestMethod]
    public async Task FileOfAnotherUser_IsRefused()
    {
        using var file = new SecretOfTest(SecretOfTest.KeyA);
        if (Environment.UserName != "root") Assert.Inconclusive("only root gives a file away");
        using var given = System.Diagnostics.Process.Start("chown", ["65534", file.Path]);
        await given.WaitForExitAsync();

        Assert.AreEqual($"{file.Path}: it belongs to another user", Assert.ThrowsExactly<SecretFileException>(file.Open).Message);
    }

    [TestMethod]
    public void MissingFileAndDirectory_AreSaid()
    {
        using var file = new SecretOfTest();
        var directory = Path.GetDirectoryName(file.Path)!;

        StringAssert.EndsWith(Assert.ThrowsExactly<SecretFileException>(() => ClusterSecret.Open(file.Path + "x")).Message, ": no such file");
        StringAssert.EndsWith(Assert.ThrowsExactly<SecretFileException>(() => ClusterSecret.Open(directory)).Message, ": it is a directory");
    }

    [TestMethod]
    public void UnreadableFile_IsRefused()
    {
        using var file = new SecretOfTest();
        file.Write(SecretOfTest.KeyA, UnixFileMode.None);
        if (Environment.UserName == "root") Assert.Inconclusive("root reads every file");

        StringAssert.EndsWith(Assert.ThrowsExactly<SecretFileException>(file.Open).Message, ": permission denied");
    }

    [TestMethod]
    public void ChangedFile_IsInForceWithinTwoSeconds_AndAKeyThatStaysKeepsItsMemory()
    {
        var time = new FakeTimeProvider();
        using var logs = new TestLogs();
        using var file = new SecretOfTest(SecretOfTest.KeyA);
        using var secret = file.Open();
        secret.Follow(time, logs.CreateLogger("Cluster"));
        var first = secret.Keys.Signing;

        file.Write($"{SecretOfTest.KeyB}\n{SecretOfTest.KeyA}\n");
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.AreEqual(SecretOfTest.IdOf(SecretOfTest.KeyB), secret.Keys.Signing.Id);
        Assert.AreSame(first, secret.Keys.Keys[1]);
    }

    [TestMethod]
    public void FileThatBecameBad_KeepsTheKeysAndIsSaidOnce()
    {
        var time = new FakeTimeProvider();
        using var logs = new TestLogs();
        using var file = new SecretOfTest(SecretOfTest.KeyA);
        using var secret = file.Open();
        secret.Follow(time, logs.CreateLogger("Cluster"));

        file.Write("short\n");
        for (var second = 0; second < 10; second++) time.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual(SecretOfTest.IdOf(SecretOfTest.KeyA), secret.Keys.Signing.Id);
        Assert.AreEqual(1, logs.Lines.Count(line => line.Contains("the keys until now stay in force: line 1 has 5 bytes", StringComparison.Ordinal)));

        file.Write(SecretOfTest.KeyB);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.AreEqual(SecretOfTest.IdOf(SecretOfTest.KeyB), secret.Keys.Signing.Id);
        Assert.IsFalse(logs.Lines.Any(line => line.Contains("key-b-for", StringComparison.Ordinal)), "no key in the log");
    }

    [TestMethod]
    public void NewKeys_AreLongEnoughAndDiffer()
    {
        var (one, other) = (ClusterSecret.NewKey(), ClusterSecret.NewKey());

        Assert.AreNotEqual(one, other);
        using var file = new SecretOfTest(one, other);
        using var secret = file.Open();
        Assert.AreEqual(2, secret.Keys.Keys.Count);
    }
}
