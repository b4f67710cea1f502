using System.Diagnostics.CodeAnalysis;

namespace Dftp.Tests.Scenarios.Support;

/// <summary>
/// The external programs that scenarios need. Without them a test is skipped, or fails in a build that must run all tests.
/// </summary>
internal static class ProgramTools
{
    /// <summary>Continues only if all of these programs are installed.</summary>
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

    /// <summary>The path of a program that <see cref="Require"/> has found.</summary>
    public static string PathOf(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(directory => Path.Combine(directory, tool)).First(File.Exists);

    public static bool IsOnPath(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, tool)));
}
