using System.Diagnostics.CodeAnalysis;

namespace Dftp.Tests.Scenarios.Support;

/// <summary>The programs of others that scenarios need. A machine without them skips the test; a build that is to run all fails.</summary>
internal static class ProgramTools
{
    /// <summary>Goes on only where all of these programs are.</summary>
    public static void Require(params string[] tools)
    {
        if (tools.FirstOrDefault(tool => !IsOnPath(tool)) is { } missing) SkipOrFail($"this test needs the program {missing}");
    }

    [DoesNotReturn]
    public static void SkipOrFail(string reason)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true") throw new AssertFailedException(reason);
        throw new AssertInconclusiveException(reason);
    }

    /// <summary>Where a program is that <see cref="Require"/> has found.</summary>
    public static string PathOf(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(directory => Path.Combine(directory, tool)).First(File.Exists);

    public static bool IsOnPath(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, tool)));
}
