using System.Diagnostics;
using System.Text;

namespace Dftp.Tests.Scenarios.Support;

/// <summary>The result of a program that has ended.</summary>
internal sealed record ProgramResult(string CommandLine, int ExitCode, string Output, string Error)
{
    /// <summary>The output of a program that did well.</summary>
    /// <exception cref="AssertFailedException">It did not.</exception>
    public string OutputIfDone() =>
        ExitCode == 0 ? Output : throw new AssertFailedException($"exit code {ExitCode} of {CommandLine}\n{Error}{Output}");
}

/// <summary>A running program whose output is kept.</summary>
internal sealed class ExternalProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _commandLine;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly Task _reading;

    private ExternalProgram(Process process, string commandLine)
    {
        _process = process;
        _commandLine = commandLine;
        _reading = Task.WhenAll(KeepAsync(process.StandardOutput, _output), KeepAsync(process.StandardError, _error));
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Output => Read(_output);

    public string Error => Read(_error);

    public static ExternalProgram Start(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Removes a proxy of this machine, and a user's options for a node, from the environment.
        foreach (var name in start.Environment.Keys.Where(IsForeign).ToArray()) start.Environment.Remove(name);
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new ExternalProgram(process, string.Join(' ', command));
    }

    /// <summary>Runs a program until it exits.</summary>
    /// <exception cref="AssertFailedException">It took longer than <paramref name="limit"/>, and was killed.</exception>
    public static async Task<ProgramResult> RunAsync(TimeSpan limit, params IReadOnlyList<string> command)
    {
        await using var program = Start(command);
        return await program.WaitAsync(limit);
    }

    public void Send(ProcessSignal signal) => ProcessSignals.Send(Id, signal);

    /// <summary>Waits until it has exited and all output has been read.</summary>
    /// <exception cref="AssertFailedException">It did not end in time.</exception>
    public async Task<ProgramResult> WaitAsync(TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
            await _reading.WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new AssertFailedException($"not ended within {limit.TotalSeconds:0.#} s: {_commandLine}\n{Error}{Output}");
        }

        return new ProgramResult(_commandLine, _process.ExitCode, Output, Error);
    }

    /// <summary>Kills it if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Send(ProcessSignal.Kill);
            await WaitAsync(TimeSpan.FromSeconds(10));
        }

        _process.Dispose();
    }

    private static bool IsForeign(string variable) =>
        variable.StartsWith("DFTP_", StringComparison.Ordinal) || variable.EndsWith("_proxy", StringComparison.OrdinalIgnoreCase);

    private static async Task KeepAsync(StreamReader reader, StringBuilder text)
    {
        var buffer = new char[4096];
        while (await reader.ReadAsync(buffer) is > 0 and var count)
        {
            lock (text) text.Append(buffer, 0, count);
        }
    }

    private static string Read(StringBuilder text)
    {
        lock (text) return text.ToString();
    }
}
