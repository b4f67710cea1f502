namespace Dftp.Tests.Scenarios.Support;

/// <summary>The built program, running on a host of the network.</summary>
internal sealed class DftpNode(NamespaceHost host, ExternalProgram program) : IAsyncDisposable
{
    /// <summary>The promised maximum between SIGTERM and exit.</summary>
    public static readonly TimeSpan StopPromise = TimeSpan.FromSeconds(5);

    public NamespaceHost Host => host;

    /// <summary>The process.</summary>
    public int Id => program.Id;

    public string Log => program.Error;

    /// <summary>Waits until the log has a text.</summary>
    public async Task WaitForLogAsync(string text, TimeSpan within)
    {
        await Eventually.TrueAsync(() => HasLogged(text) || program.HasExited, within, $"\"{text}\" in the log of {host.Name}");
        Assert.IsTrue(HasLogged(text), $"the node of {host.Name} ended without \"{text}\" in its log:\n{Log}");
    }

    public void Send(ProcessSignal signal) => program.Send(signal);

    /// <summary>Sends SIGTERM and checks the promise: exit code 0 within 5 s.</summary>
    public async Task StopAsync()
    {
        Send(ProcessSignal.Terminate);
        var result = await program.WaitAsync(StopPromise);
        Assert.AreEqual(0, result.ExitCode, Log);
    }

    /// <summary>Kills it, as a power failure does.</summary>
    public async Task KillAsync()
    {
        Send(ProcessSignal.Kill);
        await program.WaitAsync(StopPromise);
    }

    /// <summary>Kills it if it still runs, and adds its log to the test's output, which is shown when the test fails.</summary>
    public async ValueTask DisposeAsync()
    {
        await program.DisposeAsync();
        Console.WriteLine($"log of {host.Name}:\n{Log}");
    }

    private bool HasLogged(string text) => Log.Contains(text, StringComparison.Ordinal);
}
