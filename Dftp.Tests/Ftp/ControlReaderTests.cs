using System.IO.Pipelines;
using System.Text;
using Dftp.Ftp.Control;

namespace Dftp.Tests.Ftp;

[TestClass]
public sealed class ControlReaderTests
{
    [TestMethod]
    public async Task Lines_EndAtCrlfAndAtLf()
    {
        var lines = await ReadAllAsync("USER a\r\nPASS b\nnoop\r\n"u8.ToArray());
        CollectionAssert.AreEqual(
            new[]
            {
                new ControlLine(ControlLineKind.Command, "USER", "a"),
                new ControlLine(ControlLineKind.Command, "PASS", "b"),
                new ControlLine(ControlLineKind.Command, "NOOP"),
            },
            lines);
    }

    [TestMethod]
    public async Task Lines_ThatComeOneByteAtATime_AreTheSame()
    {
        byte[] bytes = [.. "RETR  a é \r\n"u8, 255, 244, 255, 242, .. "ABOR\r\n"u8];
        CollectionAssert.AreEqual(await ReadAllAsync(bytes), await ReadAllAsync([.. bytes.Select(one => new[] { one })]));
    }

    // Names may begin and end with spaces: only the first space separates.
    [TestMethod]
    public async Task Argument_KeepsItsSpaces()
    {
        var line = (await ReadAllAsync("RETR   a b \r\n"u8.ToArray())).Single();
        Assert.AreEqual(new ControlLine(ControlLineKind.Command, "RETR", "  a b "), line);
    }

    // RFC 959, section 2.3: the control connection follows the Telnet protocol; RFC 854: IAC IAC is the byte 255.
    [TestMethod]
    public async Task TelnetCommands_AreRemoved()
    {
        byte[] bytes =
        [
            255, 244, 255, 242, .. "AB"u8, 255, 253, 1, .. "OR"u8, 255, 251, 3, 255, 252, 4, 255, 254, 5, .. "\r\n"u8,
            .. "NOOP "u8, 255, 255, .. "\r\n"u8,
        ];
        var lines = await ReadAllAsync(bytes);
        Assert.AreEqual(new ControlLine(ControlLineKind.Command, "ABOR"), lines[0]);
        Assert.AreEqual(new ControlLine(ControlLineKind.NotText), lines[1], "a byte 255 is never UTF-8");
    }

    [TestMethod]
    public async Task LineOfTheMaximumLength_IsAccepted_ALongerOneIsDropped()
    {
        var longest = "RETR " + new string('a', ControlReader.MaxLineBytes - 6);
        var lines = await ReadAllAsync(Encoding.UTF8.GetBytes($"{longest}\r\n{longest}aaa\r\n{new string('b', 100_000)}\nNOOP\r\n"));
        Assert.AreEqual(ControlLineKind.Command, lines[0].Kind);
        Assert.AreEqual(longest.Length - 5, lines[0].Argument.Length);
        Assert.AreEqual(ControlLineKind.TooLong, lines[1].Kind);
        Assert.AreEqual(ControlLineKind.TooLong, lines[2].Kind);
        Assert.AreEqual("NOOP", lines[3].Verb);
        Assert.AreEqual(4, lines.Count);
    }

    [TestMethod]
    public async Task NulAndInvalidUtf8_AreNotText()
    {
        var lines = await ReadAllAsync([.. "RETR a\0b\r\n"u8, .. "RETR "u8, 0xC3, 0x28, .. "\r\nRETR "u8, 0xED, 0xA0, 0x80, .. "\r\n"u8]);
        Assert.AreEqual(3, lines.Count);
        Assert.IsTrue(lines.All(line => line.Kind == ControlLineKind.NotText));
    }

    [TestMethod]
    public async Task UnfinishedLine_IsNotACommand() => Assert.AreEqual(0, (await ReadAllAsync("QUIT"u8.ToArray())).Count);

    [TestMethod]
    public async Task Interrupt_EndsTheCurrentOrTheNextRead()
    {
        var pipe = new Pipe();
        var reader = new ControlReader(pipe.Reader);
        var reading = reader.ReadAsync().AsTask();
        reader.Interrupt();
        Assert.AreEqual(ControlLineKind.Interrupted, (await reading).Kind);
        reader.Interrupt();
        Assert.AreEqual(ControlLineKind.Interrupted, (await reader.ReadAsync()).Kind);
        await pipe.Writer.WriteAsync("NOOP\r\n"u8.ToArray());
        Assert.AreEqual("NOOP", (await reader.ReadAsync()).Verb);
    }

    private static async Task<List<ControlLine>> ReadAllAsync(params byte[][] pieces)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        var reader = new ControlReader(pipe.Reader);
        var lines = new List<ControlLine>();
        var reading = reader.ReadAsync().AsTask();
        foreach (var piece in pieces)
        {
            await pipe.Writer.WriteAsync(piece);
        }

        await pipe.Writer.CompleteAsync();
        while (await reading is { Kind: not ControlLineKind.End } line)
        {
            lines.Add(line);
            reading = reader.ReadAsync().AsTask();
        }

        return lines;
    }
}
