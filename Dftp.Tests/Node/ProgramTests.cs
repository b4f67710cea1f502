using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Node;

/// <summary>The output of <c>dotnet build</c>.</summary>
[TestClass]
public sealed class ManagedProgramTests() : ProgramTests(ProgramForm.Managed);

/// <summary>The output of <c>make</c>, usually native code.</summary>
[TestClass]
public sealed class BuiltProgramTests() : ProgramTests(ProgramForm.Built);

/// <summary>The program from outside: a process with arguments, an environment, output and an exit code.</summary>
public abstract class ProgramTests(ProgramForm form)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // SIGTERM and SIGINT end the node within 5 s, exit code 0.
    private static readonly TimeSpan StopPromise = TimeSpan.FromSeconds(5);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Help_GoesToStandardOutput_ExitCode0()
    {
        var result = await RunAsync("--help");
        Assert.AreEqual((0, ""), (result.ExitCode, result.Error));
        StringAssert.Contains(result.Output, "--dfsroot DIR", StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow(2, "dftp: --dfsroot: give the directory to serve, such as --dfsroot /storage; see dftp --help\n")]
    [DataRow(2, "dftp: --bogus: unknown option; see dftp --help\n", "--bogus")]
    [DataRow(2, "dftp: --node-name: \"a\\nb\" is no node name: it takes 1 to 255 bytes without white space, control characters and / , ; = \"\n",
        "--dfsroot=/", "--node-name=a\nb")]
    [DataRow(1, "dftp: --dfsroot: /nosuch/dir: no such directory\n", "--dfsroot=/nosuch/dir")]
    [DataRow(1, "dftp: --dfsroot: /dev/null: is not a directory\n", "--dfsroot=/dev/null")]
    [DataRow(1, "dftp: --cluster-secret-file: /nosuch/secret: no such file\n", "--dfsroot=/", "--cluster-secret-file=/nosuch/secret")]
    [DataRow(1, "dftp: --cluster-secret-file: /nosuch/secret: no such file\n", "status", "--cluster-secret-file=/nosuch/secret")]
    [DataRow(2, "dftp: find: needs PATTERN, such as dftp find '*.jpg'\n", "find")]
    [DataRow(1, "dftp: no node answers at 127.0.0.1:1 (connection refused): start one by dftp --dfsroot DIR, or name another by --node HOST:PORT\n",
        "status", "--node=127.0.0.1:1")]
    public async Task BadInput_IsOneLineOnStandardError(int exitCode, string line, params string[] arguments)
    {
        var result = await RunAsync(arguments);
        Assert.AreEqual((exitCode, "", line), (result.ExitCode, result.Output, result.Error));
    }

    [TestMethod]
    [DataRow("--http-listen")]
    [DataRow("--http-mgmt-listen")]
    [DataRow("--ftp-listen")]
    public async Task PortInUse_IsOneLineThatNamesTheOption_ExitCode1(string flag)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var root = new TemporaryDirectory();
        var endPoint = (IPEndPoint)taken.LocalEndpoint;

        var result = await RunAsync([.. Quiet(root.Path, except: flag), $"{flag}={endPoint}"]);

        Assert.AreEqual(1, result.ExitCode, result.Error);
        var lines = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.AreEqual($"dftp: {flag}: port {endPoint.Port} is in use", lines[^1]);
        Assert.AreEqual(1, lines.Count(line => line.Contains("in use", StringComparison.Ordinal)), result.Error);
        Assert.IsFalse(result.Error.Contains("Exception", StringComparison.Ordinal), result.Error);
    }

    // Code that needs reflection would not work in the native program.
    [TestMethod]
    public async Task Commands_ReadTheAnswersOfANode()
    {
        using var root = new TemporaryDirectory();
        using var process = Start(
            [.. Quiet(root.Path, except: "--http-mgmt-listen"), "--http-mgmt-listen=127.0.0.1:0", "--node-name=solo"]);
        try
        {
            var node = await ManagementAddressAsync(process);
            StringAssert.StartsWith((await RunAsync("status", "--node", node)).Output, "node       solo in cluster dftp",
                StringComparison.Ordinal);
            StringAssert.Contains((await RunAsync("nodes", "--node", node)).Output, "\nsolo", StringComparison.Ordinal);
            StringAssert.Contains((await RunAsync("doctor", "--node", node)).Output, $"solo is up at {node}", StringComparison.Ordinal);
        }
        finally
        {
            process.Kill();
        }
    }

    [TestMethod]
    [DataRow("TERM")]
    [DataRow("INT")]
    public async Task Signal_EndsTheNodeWithin5Seconds_ExitCode0(string signal)
    {
        using var root = new TemporaryDirectory();
        using var process = Start([.. Quiet(root.Path), "--log-level=debug"]);
        await UntilSignalsAreHandledAsync(process);

        var since = Stopwatch.GetTimestamp();
        await KillAsync(process, signal);
        var errors = await process.StandardError.ReadToEndAsync(TestContext.CancellationToken).WaitAsync(Patience);
        await process.WaitForExitAsync(TestContext.CancellationToken).WaitAsync(Patience);

        Assert.AreEqual(0, process.ExitCode, errors);
        Assert.IsTrue(Stopwatch.GetElapsedTime(since) < StopPromise);
        StringAssert.Contains(errors, $"SIG{signal} received, stopping", StringComparison.Ordinal);
    }

    // Supervisors may send several, the last one when the node has almost ended.
    [TestMethod]
    public async Task SigtermAgainAndAgain_ExitCode0()
    {
        using var root = new TemporaryDirectory();
        using var process = Start([.. Quiet(root.Path), "--log-level=debug"]);
        await UntilSignalsAreHandledAsync(process);
        var errors = process.StandardError.ReadToEndAsync(TestContext.CancellationToken);

        using var storm = Process.Start("sh", ["-c", $"while kill -TERM {process.Id} 2>/dev/null; do :; done"]);
        await process.WaitForExitAsync(TestContext.CancellationToken).WaitAsync(Patience);
        await storm.WaitForExitAsync(TestContext.CancellationToken).WaitAsync(Patience);

        Assert.AreEqual(0, process.ExitCode, await errors.WaitAsync(Patience));
    }

    /// <summary>Options of a node without interfaces.</summary>
    private static string[] Quiet(string root, string except = "") =>
    [
        $"--dfsroot={root}",
        "--state-dir=",
        .. new[] { "--http-listen", "--http-mgmt-listen", "--ftp-listen", "--multicast-discovery-addr" }
            .Where(flag => flag != except)
            .Select(flag => $"{flag}="),
    ];

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.CancellationToken);
        try
        {
            await process.WaitForExitAsync(TestContext.CancellationToken).WaitAsync(Patience);
        }
        finally
        {
            process.Kill();
        }

        return (process.ExitCode, await output, await error);
    }

    private Process Start(params string[] arguments)
    {
        var command = Repository.Command(form);
        var start = new ProcessStartInfo(command[0], [.. command.Skip(1), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("DFTP_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        return Process.Start(start)!;
    }

    /// <summary>Reads the log up to the line that reports the started node; signals are handled by then.</summary>
    private static async Task UntilSignalsAreHandledAsync(Process process)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (await process.StandardError.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.EndsWith(" started", StringComparison.Ordinal)) return;
        }

        Assert.Fail("the node ended before it was up");
    }

    private static async Task<string> ManagementAddressAsync(Process process)
    {
        const string Before = "HTTP mgmt interface listening on ";
        using var limit = new CancellationTokenSource(Patience);
        var found = "";
        while (await process.StandardError.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.IndexOf(Before, StringComparison.Ordinal) is >= 0 and var at) found = line[(at + Before.Length)..].TrimEnd('.');
            if (line.EndsWith(" started", StringComparison.Ordinal)) return found;
        }

        throw new AssertFailedException("the node ended before it was up");
    }

    private static async Task KillAsync(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        await kill.WaitForExitAsync();
    }
}
