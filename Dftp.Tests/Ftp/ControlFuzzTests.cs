using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Unicode;
using Dftp.Ftp;
using Dftp.Ftp.Commands;
using Dftp.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Dftp.Tests.Ftp;

/// <summary>
/// Sessions of random commands with random damage. <c>DFTP_FUZZ_SESSIONS</c> sets their number and <c>DFTP_FUZZ_SEED</c> the first seed.
/// </summary>
[TestClass]
public sealed class ControlFuzzTests
{
    private const int Sessions = 100_000;

    private static readonly TimeSpan SessionLimit = TimeSpan.FromSeconds(30);

    private static readonly IPEndPoint Local = new(IPAddress.Loopback, 2121), Remote = new(IPAddress.Loopback, 40000);

    private static readonly string[] Arguments =
    [
        "", " ", "/", "..", ".", "a", "d", "/d/b", "-la", "-R /", "*", "[a-", "anonymous", "ftp", "A", "I", "L 8", "C", "P", "0", "1", "2", "ALL",
        "9223372036854775807", "9223372036854775808", "-1", "127,0,0,1,4,1", "127,0,0,1,256,1", "|1|127.0.0.1|1025|", "|2|::1|1025|",
        "\"a\" 0 1", "\"", "\"\"", "UTF8 ON", "MLST type;size;", "HASH SHA-256", "HELP", "TLS", "SSL", "S", "F", "é/ü", "a\u0000b", "%s%n",
    ];

    [TestMethod]
    public async Task MutatedSessions_EndInOrder_WithValidReplies_AndLeaveNothingOpen()
    {
        var count = Setting("DFTP_FUZZ_SESSIONS", Sessions);
        var seed = Setting("DFTP_FUZZ_SEED", 1);
        using var logs = new ErrorLog();
        var tree = new MemoryFileTree().File("/a", "abc").File("/d/b", new byte[100]).File("/d/ü", "").Directory("/e");
        var options = new FtpOptions { DataConnectionTimeout = TimeSpan.FromMilliseconds(1) };
        var context = new FtpContext(tree, options, TimeProvider.System, logs.CreateLogger("fuzz"));
        var sockets = OpenSockets();
        var since = Stopwatch.GetTimestamp();

        await Parallel.ForAsync(seed, seed + count, async (session, _) =>
        {
            var input = MakeSession(new Random(session));
            try
            {
                CheckReplies(await RunAsync(context, input));
            }
            catch (Exception failure)
            {
                throw new AssertFailedException($"seed {session}: {Convert.ToHexString(input)}", failure);
            }
        });

        Assert.IsNull(logs.First, logs.First);
        Assert.IsTrue(OpenSockets() <= sockets + 8, $"{OpenSockets()} sockets are open, {sockets} were before");
        Console.WriteLine($"{count} sessions in {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s");
    }

    private static int Setting(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;

    /// <summary>Valid commands, so that the damage reaches deep code, with up to four kinds of damage.</summary>
    private static byte[] MakeSession(Random random)
    {
        var text = new StringBuilder(random.Next(4) > 0 ? "USER ftp\r\nPASS x\r\n" : "");
        for (var commands = random.Next(1, 12); commands > 0; commands--)
        {
            var command = CommandTable.All[random.Next(CommandTable.All.Count)];
            text.Append(command.Verb).Append(' ').Append(Arguments[random.Next(Arguments.Length)]).Append(random.Next(20) > 0 ? "\r\n" : "\n");
        }

        var bytes = Encoding.UTF8.GetBytes(text.ToString()).ToList();
        for (var damages = random.Next(5); damages > 0 && bytes.Count > 0; damages--) Damage(bytes, random);
        return [.. bytes];
    }

    private static void Damage(List<byte> bytes, Random random)
    {
        var at = random.Next(bytes.Count);
        switch (random.Next(7))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes.RemoveRange(at, Math.Min(random.Next(1, 8), bytes.Count - at));
                break;
            case 2:
                bytes.InsertRange(at, Enumerable.Range(0, random.Next(1, 8)).Select(_ => (byte)random.Next(256)));
                break;
            case 3:
                bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)));
                break;
            case 4:
                // Telnet: IAC IP, IAC DM, and options.
                bytes.InsertRange(at, [255, 244, 255, 242, 255, (byte)random.Next(240, 256), (byte)random.Next(256)]);
                break;
            case 5:
                if (random.Next(50) == 0) bytes.InsertRange(at, Enumerable.Repeat((byte)'x', random.Next(20_000)));
                break;
            default:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
        }
    }

    /// <returns>Everything that the server sent until it ended the session after the end of the client's stream.</returns>
    private static async Task<byte[]> RunAsync(FtpContext context, byte[] input)
    {
        var toServer = new Pipe();
        var toClient = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        await toServer.Writer.WriteAsync(input);
        await toServer.Writer.CompleteAsync();
        using (var session = new FtpSession(context, new Duplex(toServer.Reader, toClient.Writer), Local, Remote))
        {
            await session.RunAsync(isImplicitTls: false).WaitAsync(SessionLimit);
            await session.CloseAsync();
        }

        await toClient.Writer.CompleteAsync();
        using var replies = new MemoryStream();
        await toClient.Reader.CopyToAsync(replies);
        return replies.ToArray();
    }

    /// <summary>Checks that every line is UTF-8 without control characters, ends with CRLF, and belongs to a valid reply.</summary>
    private static void CheckReplies(byte[] replies)
    {
        Assert.IsTrue(Utf8.IsValid(replies), "a reply is not UTF-8");
        var text = Encoding.UTF8.GetString(replies);
        Assert.IsTrue(text.EndsWith("\r\n", StringComparison.Ordinal), text);
        string? open = null;
        foreach (var line in text[..^2].Split("\r\n"))
        {
            Assert.IsFalse(line.Any(char.IsAsciiLetterOrDigit) && line.Any(c => c is < ' ' or '\x7f'), line);
            if (open is not null)
            {
                if (line.StartsWith(open, StringComparison.Ordinal)) open = null;
                continue;
            }

            Assert.IsTrue(line.Length >= 4 && line[0] is >= '1' and <= '5' && line[1..3].All(char.IsAsciiDigit) && line[3] is ' ' or '-', line);
            if (line[3] == '-') open = line[..3] + " ";
        }

        Assert.IsNull(open, "the last reply has no end");
    }

    private static int OpenSockets() =>
        OperatingSystem.IsLinux() ? Directory.GetFiles("/proc/self/fd").Count(fd => new FileInfo(fd).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true) : 0;

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Checks for defects: a session catches them, answers 451, and logs an error.</summary>
    private sealed class ErrorLog : ILoggerProvider, ILogger
    {
        private volatile string? _first;

        public string? First => _first;

        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(LogLevel level, EventId id, TState state, Exception? exception, Func<TState, Exception?, string> format)
        {
            if (IsEnabled(level)) _first ??= format(state, exception) + exception;
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
